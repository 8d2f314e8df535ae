//! The store: one log, appended by a group-commit writer, on SQLite or PostgreSQL; read models beside it.

mod append;
mod batch;
mod checkpointer;
mod db;
mod error;
mod file;
mod heads;
mod hosted;
mod insert;
mod log;
mod many;
mod row;
mod sessions;
pub mod trials;
mod unflushed;
mod views;
mod writer;

pub use append::{Append, Committed, Draft, DraftEvent, Expected, GivenAnswer, Link, Part, Refused, Stream};
pub use db::{Db, Tx};
pub use error::StoreError;
pub use hosted::Hosted;
pub use log::{
    KeptSecret, Log, Profile, keep_address, keep_invite_secret, keep_name, keep_profile, keep_token_secret, recorded,
};
pub use row::Row;
pub use sessions::{Credential, KeptSession, SignIn};
pub use views::{Generation, Place, Views};
pub use writer::{Deciding, OnCommit, Writer, WriterTask};
