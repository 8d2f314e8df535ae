//! Light, dark, or as the system likes.

use axum::http::{HeaderValue, header};

use super::form::Fields;
use super::page::{Shown, on_to};

/// `POST /theme`: keeps the choice in a cookie and goes back.
pub async fn choose(fields: Fields) -> Shown {
    let cookie = match fields.text("theme") {
        "light" => "tz_theme=light; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000",
        "dark" => "tz_theme=dark; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000",
        _ => "tz_theme=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
    };
    let back = fields.text("back");
    let ours = back.starts_with('/') && !back.starts_with("//") && !back.contains('\\') && !back.chars().any(char::is_control);
    let mut response = on_to(if ours { back } else { "/" })?;
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
    Ok(response)
}
