//! Anthropic's Messages API: what is sent, and where the words are in what comes back.

use aggregates::gardener::Prompt;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Failure;

const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");
/// More than an answer needs.
const MOST_TOKENS: u32 = 2_048;

/// The headers of a request.
pub fn headers(key: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(HeaderName::from_static("anthropic-version"), VERSION)]);
    if let Some(key) = key {
        headers.insert(HeaderName::from_static("x-api-key"), key.clone());
    }
    headers
}

/// The body of a request.
pub fn body(model: &str, prompt: &Prompt) -> Value {
    let messages = json!([{"role": "user", "content": prompt.user}]);
    json!({"model": model, "max_tokens": MOST_TOKENS, "system": prompt.system, "messages": messages})
}

#[derive(Deserialize)]
struct Message {
    content: Vec<Block>,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Block {
    r#type: String,
    #[serde(default)]
    text: Option<String>,
}

/// The words of a reply; blocks of other types (thinking) are not part of them.
pub fn words(reply: &[u8]) -> Result<String, Failure> {
    let message: Message = serde_json::from_slice(reply).map_err(|_| Failure::UnreadableReply)?;
    match message.stop_reason.as_deref() {
        Some("max_tokens") => return Err(Failure::CutShort),
        Some("refusal") => return Err(Failure::Declined),
        Some(_) | None => {}
    }
    let texts = message.content.into_iter().filter(|block| block.r#type == "text").filter_map(|block| block.text);
    Ok(texts.collect::<Vec<_>>().join("\n"))
}
