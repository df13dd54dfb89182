//! What is kept, in SQLite or PostgreSQL.

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS entries (revision BIGINT PRIMARY KEY, entry TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS snapshots (revision BIGINT PRIMARY KEY, state TEXT NOT NULL)",
];

/// The log, and what was kept of the state on the way.
pub struct Store {
    pool: AnyPool,
}

impl Store {
    /// Opens a database by its URL, such as `sqlite://plane.db?mode=rwc` or `postgres://user@host/name`.
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new().connect(url).await?;
        for table in TABLES {
            sqlx::query(table).execute(&pool).await?;
        }
        Ok(Self { pool })
    }

    /// Appends the entry that comes to be a revision; false if others came first.
    pub async fn append(&self, revision: i64, entry: &str) -> Result<bool, sqlx::Error> {
        let append = "INSERT INTO entries (revision, entry) \
            SELECT $1, $2 WHERE (SELECT coalesce(max(revision), 0) FROM entries) = $3";
        let inserted = sqlx::query(append).bind(revision).bind(entry).bind(revision - 1).execute(&self.pool).await;
        match inserted {
            Ok(done) => Ok(done.rows_affected() == 1),
            // Two that append at once may see the same last entry. The primary key lets one of them through.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The entries after a revision, in order.
    pub async fn after(&self, revision: i64) -> Result<Vec<String>, sqlx::Error> {
        let after = "SELECT entry FROM entries WHERE revision > $1 ORDER BY revision";
        sqlx::query_scalar(after).bind(revision).fetch_all(&self.pool).await
    }

    /// Keeps the state at a revision. Of two planners that do, both keep the same.
    pub async fn keep(&self, revision: i64, state: &str) -> Result<(), sqlx::Error> {
        let keep = "INSERT INTO snapshots (revision, state) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(keep).bind(revision).bind(state).execute(&self.pool).await.map(drop)
    }

    /// The state that was kept last.
    pub async fn newest_snapshot(&self) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("SELECT state FROM snapshots ORDER BY revision DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
