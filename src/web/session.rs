//! The cookies a browser holds: the session, and how it likes its pages.

use std::net::Ipv4Addr;

use axum::http::{HeaderMap, HeaderValue, header};

/// The session's cookie where the address is not of this machine: sent over TLS only, by this host only.
const SECURE: &str = "__Host-tz_session";
/// The same on this machine.
const LOOPBACK: &str = "tz_session";

/// Whether a request is addressed to this very machine.
pub fn is_loopback(headers: &HeaderMap) -> bool {
    let host = host(headers);
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.contains(']') { host } else { name });
    let address = || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    name.eq_ignore_ascii_case("localhost") || name == "[::1]" || address()
}

/// The host a request is addressed to, as it says itself.
pub fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The secret of the session.
pub fn secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, if is_loopback(headers) { LOOPBACK } else { SECURE })
}

/// The cookie that makes a browser hold a session for `seconds`; none at all with 0.
pub fn holding(headers: &HeaderMap, secret: &str, seconds: i64) -> HeaderValue {
    let (name, secure) = if is_loopback(headers) { (LOOPBACK, "") } else { (SECURE, "; Secure") };
    let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("tz_session=; Path=/; Max-Age=0"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::{cookie, holding, is_loopback};

    fn to(host: &str) -> HeaderMap {
        HeaderMap::from_iter([(axum::http::header::HOST, host.parse().expect("a host"))])
    }

    #[test]
    fn only_this_machine_is_spared_tls() {
        for host in ["localhost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "[::1]"] {
            assert!(is_loopback(&to(host)), "{host}");
            assert!(!holding(&to(host), "s", 1).to_str().expect("text").contains("Secure"));
        }
        for host in ["trust.example", "trust.example:8000", "10.0.0.5:8000", "localhost.evil.example", "127.trust.example", ""]
        {
            assert!(!is_loopback(&to(host)), "{host}");
            assert!(holding(&to(host), "s", 1).to_str().expect("text").contains("; Secure"));
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = HeaderMap::from_iter([(axum::http::header::COOKIE, "a=1; tz_theme=dark; b=2".parse().expect("cookies"))]);
        assert_eq!(cookie(&headers, "tz_theme"), Some("dark"));
        assert_eq!(cookie(&headers, "theme"), None);
    }
}
