//! Chat completions, as `OpenAI` and compatible servers speak them: what is sent, and where the words are in what comes back.

use aggregates::gardener::Prompt;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Failure;

/// The headers of a request.
pub fn headers(key: Option<&HeaderValue>) -> HeaderMap {
    key.map(|key| (AUTHORIZATION, key.clone())).into_iter().collect()
}

/// The body of a request. Not every compatible server knows `response_format`: who refuses the request is asked again without.
pub fn body(model: &str, prompt: &Prompt, as_json: bool) -> Value {
    let messages = json!([{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]);
    let mut body = json!({"model": model, "messages": messages, "stream": false});
    if as_json {
        body["response_format"] = json!({"type": "json_object"});
    }
    body
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

/// The words of a reply: those of its first choice.
pub fn words(reply: &[u8]) -> Result<String, Failure> {
    let completion: Completion = serde_json::from_slice(reply).map_err(|_| Failure::UnreadableReply)?;
    let choice = completion.choices.into_iter().next().ok_or(Failure::UnreadableReply)?;
    match choice.finish_reason.as_deref() {
        Some("length") => return Err(Failure::CutShort),
        Some("content_filter") => return Err(Failure::Declined),
        Some(_) | None => {}
    }
    choice.message.content.ok_or(Failure::Declined)
}
