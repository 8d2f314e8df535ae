//! A store for one story: a folder, or a database of its own on the server that `scripts/with-postgres` starts.

use tempfile::TempDir;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A store that is gone when the story is over.
pub enum Store {
    Sqlite(TempDir),
    Postgres { admin: String, name: String, folder: TempDir },
}

impl Store {
    pub async fn create(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        match kind {
            Kind::Sqlite => Self::Sqlite(folder),
            Kind::Postgres => {
                #[expect(clippy::disallowed_methods, reason = "the script that starts PostgreSQL tells where it is")]
                let admin = std::env::var("TEST_DATABASE_URL").expect("run through scripts/with-postgres or scripts/test");
                let name = format!("story_{}", trust_zones::entropy::new_id().simple());
                let pool = sqlx::PgPool::connect(&admin).await.expect("PostgreSQL");
                sqlx::query(&format!("CREATE DATABASE {name}")).execute(&pool).await.expect("a database");
                pool.close().await;
                Self::Postgres { admin, name, folder }
            }
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres { .. } => Kind::Postgres,
        }
    }

    /// The address of the database, if it has one.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres { admin, name, .. } => Some(admin.replacen("/postgres?", &format!("/{name}?"), 1)),
        }
    }

    /// How a service is told to use it.
    pub fn flags(&self) -> Vec<String> {
        let folder = match self {
            Self::Sqlite(folder) | Self::Postgres { folder, .. } => folder,
        };
        let mut flags = vec!["--data-dir".to_owned(), folder.path().display().to_string()];
        if let Some(url) = self.url() {
            flags.extend(["--database-url".to_owned(), url]);
        }
        flags
    }
}
