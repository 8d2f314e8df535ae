//! The gardener: asks a language model who should review a proposal, and what it thinks of finished work, within a bounded time, and takes of its answer only what the
//! rule book admits. Never asked inside a request or a transaction.

mod anthropic;
mod openai;
mod settings;

use std::time::Duration;

use aggregates::gardener::{Advice, Consultation, Prompt, Question, prompt, read_answer};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::Value;
use strum::IntoStaticStr;
use tokio::time::{Instant, sleep, timeout_at};

pub use settings::{Endpoint, GardenerSettings, Key, Provider};

/// The most of a reply that is read.
const MOST_BYTES: usize = 256 * 1024;
/// How long to wait before asking again where nobody says how long.
const PAUSE: Duration = Duration::from_millis(200);

/// Why no words came back; rules choose then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Failure {
    /// Nothing in time.
    Timeout,
    /// Nobody is there, or the line broke.
    Unreachable,
    /// 429, and no time to wait.
    RateLimited,
    /// 5xx.
    ProviderFailed,
    /// 4xx.
    ProviderRefused,
    /// 3xx: who is asked is configured, and nobody else.
    Redirected,
    /// More than is read.
    ReplyTooLarge,
    /// Not what the interface says.
    UnreadableReply,
    /// The model stopped before it was done.
    CutShort,
    /// The model would not say.
    Declined,
}

impl Failure {
    /// Stable code in snake case.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What the model says, as far as it may say it; or the code of why it says nothing, and rules choose.
    pub advice: Result<Advice, &'static str>,
    /// For the record.
    pub consultation: Consultation,
}

/// Asks a language model.
#[derive(Clone, Debug)]
pub struct Gardener {
    http: Client,
    endpoint: Endpoint,
    timeout: Duration,
}

impl Gardener {
    /// A gardener who asks at `endpoint`, and waits no longer than `timeout` in all.
    pub fn new(endpoint: Endpoint, timeout: Duration) -> Self {
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .user_agent(concat!("trust-zones/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client with built-in certificates needs nothing from outside");
        Self { http, endpoint, timeout }
    }

    /// How long an answer may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Asks. Takes no longer than the timeout, nor than `at_most`, whatever happens; what is not said by then is not said.
    pub async fn ask(&self, question: &Question, at_most: Duration) -> Choice {
        let prompt = prompt(question);
        let begun = Instant::now();
        let heard = self.words(&prompt, begun + self.timeout.min(at_most)).await;
        let latency = begun.elapsed();
        let advice = match &heard {
            Ok(words) => read_answer(words, question).map_err(|unusable| unusable.code()),
            Err(failure) => Err(failure.code()),
        };
        if let Err(code) = advice {
            tracing::warn!(provider = self.endpoint.provider.name(), code, "the gardener gave no usable answer: rules choose");
        }
        let consultation = Consultation {
            provider: self.endpoint.provider.name().to_owned(),
            model: self.endpoint.model.clone(),
            prompt_sha256: prompt.sha256(),
            answer: heard.ok().map(|words| Consultation::kept(&words)),
            latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        };
        Choice { advice, consultation }
    }

    /// Asks something else than for reviewers: the words that come back, or why none do, and the record of it. Takes no longer
    /// than the timeout.
    pub async fn consult(&self, prompt: &Prompt) -> (Result<String, Failure>, Consultation) {
        let begun = Instant::now();
        let heard = self.words(prompt, begun + self.timeout).await;
        let consultation = Consultation {
            provider: self.endpoint.provider.name().to_owned(),
            model: self.endpoint.model.clone(),
            prompt_sha256: prompt.sha256(),
            answer: heard.as_ref().ok().map(|words| Consultation::kept(words)),
            latency_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        (heard, consultation)
    }

    /// What the model says: asked once, and once more where that may help and there is time.
    async fn words(&self, prompt: &Prompt, until: Instant) -> Result<String, Failure> {
        let mut as_json = true;
        let first = match self.once(prompt, as_json, until).await {
            Ok(reply) => return self.read(&reply),
            Err(refused) => refused,
        };
        match first.again {
            Again::Never => return Err(first.failure),
            Again::Plainly => as_json = false,
            Again::After(wait) => {
                if wait >= until.saturating_duration_since(Instant::now()) {
                    return Err(first.failure);
                }
                sleep(wait).await;
            }
        }
        let second = self.once(prompt, as_json, until).await.map_err(|refused| refused.failure)?;
        self.read(&second)
    }

    fn read(&self, reply: &[u8]) -> Result<String, Failure> {
        match self.endpoint.provider {
            Provider::Anthropic => anthropic::words(reply),
            Provider::Openai => openai::words(reply),
        }
    }

    async fn once(&self, prompt: &Prompt, as_json: bool, until: Instant) -> Result<Vec<u8>, Refused> {
        let (headers, body) = self.request(prompt, as_json);
        let exchange = async {
            let request = self.http.post(self.endpoint.url.clone()).headers(headers).json(&body);
            let response = request.send().await.map_err(|error| Refused::by_line(&error))?;
            self.accepted(&response, as_json)?;
            whole(response).await
        };
        timeout_at(until, exchange).await.unwrap_or_else(|_| Err(Refused::finally(Failure::Timeout)))
    }

    fn request(&self, prompt: &Prompt, as_json: bool) -> (HeaderMap, Value) {
        let key = self.endpoint.key.as_ref();
        match self.endpoint.provider {
            Provider::Anthropic => (anthropic::headers(key), anthropic::body(&self.endpoint.model, prompt)),
            Provider::Openai => (openai::headers(key), openai::body(&self.endpoint.model, prompt, as_json)),
        }
    }

    fn accepted(&self, response: &Response, as_json: bool) -> Result<(), Refused> {
        let status = response.status();
        let again = Again::After(wait_of(response.headers()));
        if status.is_success() {
            Ok(())
        } else if status == StatusCode::TOO_MANY_REQUESTS {
            Err(Refused { failure: Failure::RateLimited, again })
        } else if status.is_server_error() {
            Err(Refused { failure: Failure::ProviderFailed, again })
        } else if status.is_redirection() {
            Err(Refused::finally(Failure::Redirected))
        } else {
            let unread = matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
            let plainly = unread && as_json && self.endpoint.provider == Provider::Openai;
            let again = if plainly { Again::Plainly } else { Again::Never };
            Err(Refused { failure: Failure::ProviderRefused, again })
        }
    }
}

/// Whether asking again may help.
enum Again {
    Never,
    After(Duration),
    Plainly,
}

struct Refused {
    failure: Failure,
    again: Again,
}

impl Refused {
    fn finally(failure: Failure) -> Self {
        Self { failure, again: Again::Never }
    }

    fn by_line(error: &reqwest::Error) -> Self {
        Self::finally(if error.is_timeout() { Failure::Timeout } else { Failure::Unreachable })
    }
}

/// How long a provider asks to wait, in seconds; a date is further off than it is worth waiting for.
fn wait_of(headers: &HeaderMap) -> Duration {
    let Some(said) = headers.get(RETRY_AFTER) else { return PAUSE };
    let seconds = said.to_str().ok().and_then(|text| text.trim().parse::<u64>().ok());
    seconds.map_or(Duration::MAX, Duration::from_secs)
}

/// The whole body, unless it is longer than anything sensible.
async fn whole(mut response: Response) -> Result<Vec<u8>, Refused> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Refused::by_line(&error))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Refused::finally(Failure::ReplyTooLarge));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
