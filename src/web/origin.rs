//! Whatever changes something must come from a page of ours (SPEC A6), whatever cookies a browser sends along.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::session::host;
use crate::engine::Problem;
use crate::web::refusal::Refusal;

/// Refuses what would change something and does not come from here.
pub async fn same(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || is_same(request.headers()) {
        return next.run(request).await;
    }
    let detail = "this request did not come from a page of this service, so nothing has been done";
    Refusal::from(Problem::new(StatusCode::FORBIDDEN, "other_origin", detail)).into_response()
}

/// Browsers say where a request comes from; one that says neither is none of them, or an old one, and is refused.
fn is_same(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site")
        && site != "same-origin"
    {
        return false;
    }
    let origin = text(header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some_and(|origin| !origin.is_empty() && origin.eq_ignore_ascii_case(host(headers)))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName};

    use super::is_same;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn only_our_own_origin_passes() {
        let host = ("host", "trust.example");
        assert!(is_same(&headers(&[host, ("origin", "https://trust.example"), ("sec-fetch-site", "same-origin")])));
        assert!(is_same(&headers(&[host, ("origin", "https://trust.example")])));
        assert!(!is_same(&headers(&[host, ("origin", "https://evil.example")])));
        assert!(!is_same(&headers(&[host, ("origin", "https://trust.example"), ("sec-fetch-site", "same-site")])));
        assert!(!is_same(&headers(&[host, ("origin", "null")])));
        assert!(!is_same(&headers(&[host])));
        assert!(!is_same(&headers(&[("origin", "https://")])));
    }
}
