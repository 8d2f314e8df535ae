//! A language model for tests: a local server that speaks Anthropic's Messages API and chat completions, says what it is told to
//! say, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The interfaces it speaks.
pub const PROVIDERS: [&str; 2] = ["anthropic", "openai"];
/// The only key it knows.
pub const KEY: &str = "hush-0123456789";

/// What it does when asked.
#[derive(Clone)]
pub enum Says {
    /// Words, in the form of the interface it is asked by.
    Words(String),
    /// Words that follow from what it is asked: the document between the marks.
    Of(Arc<dyn Fn(&Value) -> String + Send + Sync>),
    /// The beginning of words: the reply says that it was cut short.
    CutShort(String),
    /// A refusal with a status and, perhaps, `Retry-After`.
    Status(u16, Option<&'static str>),
    /// A body of its own, with status 200.
    Raw(String),
    /// It answers 400 to a request for `response_format`, as some compatible servers do, else with words.
    OnlyPlainly(String),
    /// Nothing, ever.
    Nothing,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Asked {
    fn by_anthropic(&self) -> bool {
        self.path.ends_with("/v1/messages")
    }

    /// The instructions.
    pub fn system(&self) -> String {
        let text = if self.by_anthropic() { &self.body["system"] } else { &self.body["messages"][0]["content"] };
        text.as_str().expect("instructions").to_owned()
    }

    /// The question.
    pub fn user(&self) -> String {
        let place = usize::from(!self.by_anthropic());
        self.body["messages"][place]["content"].as_str().expect("a question").to_owned()
    }

    /// What is quoted in the question.
    pub fn document(&self) -> Value {
        let user = self.user();
        let quoted = user.strip_prefix("<data>\n").and_then(|rest| rest.strip_suffix("\n</data>")).expect("marks");
        serde_json::from_str(quoted).expect("JSON")
    }
}

#[derive(Clone, Default)]
struct Mind {
    asked: Arc<Mutex<Vec<Asked>>>,
    says: Arc<Mutex<VecDeque<Says>>>,
    heard: Arc<tokio::sync::Notify>,
}

/// The server.
#[derive(Clone)]
pub struct Model {
    address: SocketAddr,
    mind: Mind,
}

impl Model {
    /// One that says these things in turn, and the last of them again and again.
    pub async fn saying(says: impl IntoIterator<Item = Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let mind = Mind::default();
        mind.says.lock().expect("a mind").extend(says);
        let router = Router::new().fallback(answer).with_state(mind.clone());
        #[expect(clippy::disallowed_methods, reason = "a server of the test's own, gone with its runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") });
        Self { address, mind }
    }

    /// How a service is told to ask it.
    pub fn flags(&self, provider: &str) -> Vec<String> {
        let base = format!("http://{}", self.address);
        [
            "--gardener-provider",
            provider,
            "--gardener-base-url",
            &base,
            "--gardener-api-key",
            KEY,
            "--gardener-model",
            "some-model",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// Everything it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.mind.asked.lock().expect("a mind").clone()
    }

    /// Waits until it has been asked `times`.
    pub async fn asked_times(&self, times: usize) {
        while self.asked().len() < times {
            self.mind.heard.notified().await;
        }
    }
}

async fn answer(State(mind): State<Mind>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let asked = Asked { path: uri.path().to_owned(), headers, body };
    if let Some(fault) = fault_of(&asked) {
        return respond(
            400,
            None,
            json!({"type": "error", "error": {"type": "invalid_request_error", "message": fault}}).to_string(),
        );
    }
    mind.asked.lock().expect("a mind").push(asked.clone());
    mind.heard.notify_one();
    let says = {
        let mut script = mind.says.lock().expect("a mind");
        if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
    };
    match says.expect("something to say") {
        Says::OnlyPlainly(_) if asked.body.get("response_format").is_some() => respond(400, None, "{}".to_owned()),
        Says::Words(words) | Says::OnlyPlainly(words) => respond(200, None, in_form(&asked, &words, false)),
        Says::Of(words) => respond(200, None, in_form(&asked, &words(&asked.document()), false)),
        Says::CutShort(words) => respond(200, None, in_form(&asked, &words, true)),
        Says::Status(status, wait) => respond(status, wait, json!({"type": "error", "error": {"message": "no"}}).to_string()),
        Says::Raw(body) => respond(200, None, body),
        Says::Nothing => std::future::pending().await,
    }
}

/// What the real interfaces would refuse.
fn fault_of(asked: &Asked) -> Option<String> {
    let header = |name: &str| asked.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let roles: Vec<&str> = asked.body["messages"].as_array()?.iter().filter_map(|message| message["role"].as_str()).collect();
    let right = match asked.path.as_str() {
        "/v1/messages" => {
            let said = asked.body["max_tokens"].as_u64().is_some_and(|most| most > 0) && asked.body["system"].is_string();
            said && header("x-api-key") == KEY && header("anthropic-version") == "2023-06-01" && roles == ["user"]
        }
        "/v1/chat/completions" => header("authorization") == format!("Bearer {KEY}") && roles == ["system", "user"],
        _ => false,
    };
    let right = right && asked.body["model"] == "some-model" && header("content-type") == "application/json";
    (!right).then(|| format!("{} {}", asked.path, asked.body))
}

fn in_form(asked: &Asked, words: &str, cut_short: bool) -> String {
    let reply = if asked.by_anthropic() {
        let content = json!([{"type": "thinking", "thinking": "{hm}", "signature": "x"}, {"type": "text", "text": words}]);
        let stop = if cut_short { "max_tokens" } else { "end_turn" };
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "some-model", "content": content,
            "stop_reason": stop, "stop_sequence": null, "usage": {"input_tokens": 10, "output_tokens": 10}})
    } else {
        let finish = if cut_short { "length" } else { "stop" };
        let message = json!({"role": "assistant", "content": words, "refusal": null});
        json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "some-model",
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}})
    };
    reply.to_string()
}

fn respond(status: u16, wait: Option<&str>, body: String) -> Response {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    if let Some(wait) = wait {
        response = response.header("retry-after", wait);
    }
    if (300..400).contains(&status) {
        response = response.header("location", "/v1/messages");
    }
    response.body(Body::from(body)).expect("a response")
}
