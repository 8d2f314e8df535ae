//! Style, scripts and icons, in the binary. A name carries a digest of what it names, so browsers may keep it for ever.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;
use crate::entropy::sha256;

struct Asset {
    kind: &'static str,
    text: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const ASSETS: [(&str, &str, Asset); 9] = [
    ("tokens", "css", Asset { kind: CSS, text: include_str!("static/tokens.css") }),
    ("app", "css", Asset { kind: CSS, text: include_str!("static/app.css") }),
    ("pages", "css", Asset { kind: CSS, text: include_str!("static/pages.css") }),
    ("zones", "css", Asset { kind: CSS, text: include_str!("static/zones.css") }),
    ("preview", "js", Asset { kind: JS, text: include_str!("static/preview.js") }),
    ("live", "js", Asset { kind: JS, text: include_str!("static/live.js") }),
    ("keys", "js", Asset { kind: JS, text: include_str!("static/keys.js") }),
    ("small", "js", Asset { kind: JS, text: include_str!("static/small.js") }),
    ("icon", "svg", Asset { kind: SVG, text: include_str!("static/icon.svg") }),
];

/// Addresses by plain name, and assets by the name in the address.
struct Shelf {
    addresses: BTreeMap<String, String>,
    assets: BTreeMap<String, &'static Asset>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let mut shelf = Shelf { addresses: BTreeMap::new(), assets: BTreeMap::new() };
    for (name, extension, asset) in &ASSETS {
        let digest = sha256(asset.text);
        let hashed = format!("{name}.{}.{extension}", &digest[..12]);
        shelf.addresses.insert(format!("{name}.{extension}"), format!("/static/{hashed}"));
        shelf.assets.insert(hashed, asset);
    }
    shelf
});

/// The address of an asset.
pub fn address(name: &str) -> &'static str {
    SHELF.addresses.get(name).map(String::as_str).unwrap_or_default()
}

/// `GET /static/{name}`.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = SHELF.assets.get(&name) else { return Refusal::not_found("file").into_response() };
    let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.text).into_response()
}
