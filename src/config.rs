//! Configuration: environment and flags, read once, checked at start.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::gardener::GardenerSettings;

/// How people and programs prove who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AuthMode {
    /// By API tokens.
    #[default]
    Local,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For eyes.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Everything that can be set.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Where to listen
    #[arg(long, env = "TRUST_ZONES_LISTEN", default_value = "127.0.0.1:8000", global = true)]
    pub listen: SocketAddr,
    /// Where SQLite keeps its files
    #[arg(long, env = "TRUST_ZONES_DATA_DIR", default_value = "./data", global = true)]
    pub data_dir: PathBuf,
    /// PostgreSQL 15 or later; without it, SQLite in the data folder
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// How callers prove who they are
    #[arg(long, env = "AUTH_MODE", value_enum, default_value = "local", global = true)]
    pub auth_mode: AuthMode,
    /// A token of at least 50 characters that stands for the first owner, as long as they are one
    #[arg(long, env = "LOCAL_AUTH_TOKEN", hide_env_values = true, global = true)]
    pub local_auth_token: Option<String>,
    /// How log lines are written
    #[arg(long, env = "TRUST_ZONES_LOG_FORMAT", value_enum, default_value = "text", global = true)]
    pub log_format: LogFormat,
    /// Failed sign-ins an address may make in a minute
    #[arg(long, env = "TRUST_ZONES_SIGN_INS_PER_MINUTE", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub sign_ins_per_minute: u32,
    /// Requests a credential may make in a second
    #[arg(long, env = "TRUST_ZONES_REQUESTS_PER_SECOND", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub requests_per_second: u32,
    /// Milliseconds the head of a request may take, and a connection stay idle
    #[arg(long, env = "TRUST_ZONES_REQUEST_HEAD_TIMEOUT_MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(50..=120_000), global = true)]
    pub request_head_timeout_ms: u64,
    /// Aggregates that are kept in memory once they have been used
    #[arg(long, env = "TRUST_ZONES_AGGREGATES_IN_MEMORY", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub aggregates_in_memory: u32,
    /// The language model that chooses reviewers
    #[command(flatten)]
    pub gardener: GardenerSettings,
}

impl Config {
    /// Refuses values that no type refuses.
    ///
    /// # Errors
    /// One line that names the setting and the reason.
    pub fn check(&self) -> Result<(), String> {
        if let Some(token) = &self.local_auth_token {
            check_local_token(token).map_err(|reason| format!("LOCAL_AUTH_TOKEN {reason}"))?;
        }
        if let Some(url) = &self.database_url
            && !(url.starts_with("postgres://") || url.starts_with("postgresql://"))
        {
            return Err("DATABASE_URL must begin with postgres:// or postgresql://".to_owned());
        }
        self.gardener.endpoint().map(drop)
    }
}

fn check_local_token(token: &str) -> Result<(), String> {
    if token.chars().count() < 50 {
        return Err("must have at least 50 characters".to_owned());
    }
    let lower = token.to_lowercase();
    let words: String = lower.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let placeholder = [
        "changeme",
        "change me",
        "change this",
        "placeholder",
        "example",
        "your ",
        "secret token",
        "replace",
        "dummy",
        "please",
    ];
    let is_counted = lower.bytes().all(|letter| letter.is_ascii_digit());
    let distinct: std::collections::BTreeSet<char> = token.chars().collect();
    if placeholder.iter().any(|word| words.contains(word)) || lower.contains("${") || is_counted || distinct.len() < 10 {
        return Err("looks like a placeholder, make one with `openssl rand -hex 32`".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_local_token;

    #[test]
    fn short_tokens_and_placeholders_are_refused() {
        assert!(check_local_token("short").is_err());
        assert!(check_local_token(&"x".repeat(60)).is_err());
        assert!(check_local_token("please-changeme-please-changeme-please-changeme-please-0123456789").is_err());
        for placeholder in [
            "your-local-auth-token-here-at-least-50-characters-long-please",
            "your_secret_token_your_secret_token_your_secret_token_1234567",
            "change-this-to-a-long-random-string-of-fifty-characters-or-more",
            "dummy-token-for-local-development-only-do-not-use-in-prod-123",
            "12345678901234567890123456789012345678901234567890",
            "${LOCAL_AUTH_TOKEN}-0123456789-abcdefghijklmnopqrstuvwxyz",
        ] {
            assert!(check_local_token(placeholder).is_err(), "{placeholder}");
        }
        assert!(check_local_token("0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0").is_ok());
    }
}
