//! Who asks: API tokens, the local owner's token, and how often anyone may try.

mod limits;
mod secrets;
pub mod sessions;
mod sign_in;
mod tokens;

pub use limits::Limits;
pub use secrets::Secrets;
pub use sign_in::sign_in;
pub use tokens::{NewToken, new_invite_code, new_token};
