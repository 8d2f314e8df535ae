//! Which language model is asked, and how: checked once, at start.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use reqwest::Url;
use reqwest::header::HeaderValue;

/// Whose interface is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Provider {
    /// Anthropic's Messages API.
    Anthropic,
    /// Chat completions, as `OpenAI` and many others offer them.
    Openai,
}

impl Provider {
    /// Its name on record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
        }
    }

    fn default_base_url(self) -> &'static str {
        match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::Openai => "https://api.openai.com/v1",
        }
    }
}

/// A key, which no log and no message ever shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl FromStr for Key {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// The settings as they are given.
#[derive(Clone, Debug, Args)]
pub struct GardenerSettings {
    /// Whose interface the language model that chooses reviewers speaks; without it, rules choose
    #[arg(long = "gardener-provider", env = "TRUST_ZONES_GARDENER_PROVIDER", value_enum, global = true)]
    pub provider: Option<Provider>,
    /// Where that interface is; the provider's own place when absent
    #[arg(long = "gardener-base-url", env = "TRUST_ZONES_GARDENER_BASE_URL", global = true)]
    pub base_url: Option<String>,
    /// The key to it
    #[arg(long = "gardener-api-key", env = "TRUST_ZONES_GARDENER_API_KEY", hide_env_values = true, global = true)]
    pub api_key: Option<Key>,
    /// Which model
    #[arg(long = "gardener-model", env = "TRUST_ZONES_GARDENER_MODEL", global = true)]
    pub model: Option<String>,
    /// How long the model may take before rules choose, in milliseconds
    #[arg(long = "gardener-timeout-ms", env = "TRUST_ZONES_GARDENER_TIMEOUT_MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(50..=120_000), global = true)]
    pub timeout_ms: u64,
}

/// Settings that can work.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Whose interface.
    pub provider: Provider,
    /// Where requests go.
    pub url: Url,
    /// The key, as a header holds it.
    pub key: Option<HeaderValue>,
    /// Which model.
    pub model: String,
}

impl GardenerSettings {
    /// How long a model may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// Where and how to ask; nothing where no provider is set.
    ///
    /// # Errors
    /// One line that names the setting and the reason.
    pub fn endpoint(&self) -> Result<Option<Endpoint>, String> {
        let Some(provider) = self.provider else {
            let given = [
                ("TRUST_ZONES_GARDENER_BASE_URL", self.base_url.is_some()),
                ("TRUST_ZONES_GARDENER_API_KEY", self.api_key.is_some()),
                ("TRUST_ZONES_GARDENER_MODEL", self.model.is_some()),
            ];
            return match given.into_iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(format!("{name} is set without TRUST_ZONES_GARDENER_PROVIDER")),
                None => Ok(None),
            };
        };
        let model = self.model.as_deref().map(str::trim).unwrap_or_default();
        if model.is_empty() || model.chars().count() > 200 || model.chars().any(char::is_control) {
            return Err("TRUST_ZONES_GARDENER_MODEL must name a model, in at most 200 characters".to_owned());
        }
        if provider == Provider::Anthropic && self.api_key.is_none() {
            return Err("TRUST_ZONES_GARDENER_API_KEY is required by the provider anthropic".to_owned());
        }
        let key = self.api_key.as_ref().map(|key| header(provider, key)).transpose()?;
        let base = self.base_url.as_deref().unwrap_or(provider.default_base_url());
        let url = place(provider, base).map_err(|reason| format!("TRUST_ZONES_GARDENER_BASE_URL {reason}"))?;
        Ok(Some(Endpoint { provider, url, key, model: model.to_owned() }))
    }
}

fn header(provider: Provider, Key(key): &Key) -> Result<HeaderValue, String> {
    let key = key.trim();
    let text = match provider {
        Provider::Anthropic => key.to_owned(),
        Provider::Openai => format!("Bearer {key}"),
    };
    let mut value = HeaderValue::from_str(&text).ok().filter(|_| !key.is_empty());
    if let Some(value) = &mut value {
        value.set_sensitive(true);
    }
    value.ok_or_else(|| "TRUST_ZONES_GARDENER_API_KEY must be visible characters".to_owned())
}

/// Where requests go. `/v1` is part of both interfaces, and may be part of the base or not.
fn place(provider: Provider, base: &str) -> Result<Url, String> {
    let url = Url::parse(base.trim()).map_err(|error| format!("is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err("must begin with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("must have no user, query or fragment".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let versioned = match provider {
        // A gateway's own path stands before the version.
        Provider::Anthropic if !path.ends_with("/v1") => format!("{path}/v1"),
        Provider::Openai if path.is_empty() => "/v1".to_owned(),
        Provider::Anthropic | Provider::Openai => path,
    };
    let resource = match provider {
        Provider::Anthropic => "messages",
        Provider::Openai => "chat/completions",
    };
    let mut place = url;
    place.set_path(&format!("{versioned}/{resource}"));
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(provider: Option<Provider>, base_url: &str, model: &str, key: &str) -> GardenerSettings {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let api_key = given(key).map(Key);
        GardenerSettings { provider, base_url: given(base_url), api_key, model: given(model), timeout_ms: 10_000 }
    }

    #[test]
    fn the_version_is_part_of_the_place_whether_it_is_given_or_not() {
        let cases = [
            (Provider::Anthropic, "", "https://api.anthropic.com/v1/messages"),
            (Provider::Anthropic, "http://gateway:8080/anthropic/", "http://gateway:8080/anthropic/v1/messages"),
            (Provider::Anthropic, "http://gateway/v1", "http://gateway/v1/messages"),
            (Provider::Openai, "", "https://api.openai.com/v1/chat/completions"),
            (Provider::Openai, "http://127.0.0.1:11434", "http://127.0.0.1:11434/v1/chat/completions"),
            (Provider::Openai, "http://gateway/openai/v1/", "http://gateway/openai/v1/chat/completions"),
            (Provider::Openai, "http://gateway/api/paas/v4", "http://gateway/api/paas/v4/chat/completions"),
        ];
        for (provider, base, place) in cases {
            let endpoint =
                settings(Some(provider), base, "some-model", "key").endpoint().expect("settings").expect("an endpoint");
            assert_eq!(endpoint.url.as_str(), place);
        }
    }

    #[test]
    fn a_wrong_setting_is_named_in_one_line_that_never_shows_the_key() {
        let cases = [
            (settings(None, "", "some-model", ""), "TRUST_ZONES_GARDENER_MODEL"),
            (settings(None, "", "", "hush-hush"), "TRUST_ZONES_GARDENER_API_KEY"),
            (settings(None, "http://gateway", "", ""), "TRUST_ZONES_GARDENER_BASE_URL"),
            (settings(Some(Provider::Openai), "", "", "hush-hush"), "TRUST_ZONES_GARDENER_MODEL"),
            (settings(Some(Provider::Anthropic), "", "some-model", ""), "TRUST_ZONES_GARDENER_API_KEY"),
            (settings(Some(Provider::Anthropic), "", "some-model", "hush\nhush"), "TRUST_ZONES_GARDENER_API_KEY"),
            (settings(Some(Provider::Openai), "gateway", "some-model", ""), "TRUST_ZONES_GARDENER_BASE_URL"),
            (settings(Some(Provider::Openai), "ftp://gateway", "some-model", ""), "TRUST_ZONES_GARDENER_BASE_URL"),
            (settings(Some(Provider::Openai), "http://me:hush@gateway", "some-model", ""), "TRUST_ZONES_GARDENER_BASE_URL"),
        ];
        for (settings, name) in cases {
            let line = settings.endpoint().expect_err("a wrong setting");
            assert!(line.starts_with(name) && !line.contains('\n') && !line.contains("hush"), "{line}");
            assert!(!format!("{settings:?}").contains("hush-hush"));
        }
        let endpoint = settings(Some(Provider::Openai), "", "some-model", "hush-hush").endpoint().expect("settings");
        assert!(!format!("{endpoint:?}").contains("hush-hush"));
    }

    #[test]
    fn without_a_provider_there_is_nobody_to_ask() {
        assert!(settings(None, "", "", "").endpoint().expect("settings").is_none());
    }
}
