//! Moves what has been committed from the write-ahead log of an SQLite file into the file, beside whoever writes: they would do it in
//! the midst of a commit otherwise, and everybody would wait for that. The write-ahead log begins anew only once all of it has been
//! moved, so the last step, which is short, is theirs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;

use super::error::StoreError;

/// After how many transactions what they have written is moved.
const TRANSACTIONS: u32 = 64;
/// From how many pages of 4 KiB on the write-ahead log is to begin anew. The more, the less often what has been moved is flushed.
pub const FULL: i64 = 4_000;
/// The same, where whoever writes has to do all of it, for nobody else got that far.
pub const OVERFULL: i64 = 4 * FULL;
/// How many pages whoever writes may be asked to move.
const FEW: i64 = FULL / 8;

/// Moves what has been committed to one file, on a thread of its own, which ends with it.
#[derive(Debug)]
pub struct Checkpointer {
    transactions: AtomicU32,
    /// Whether the last step is due.
    due: Arc<AtomicBool>,
    wake: SyncSender<()>,
}

/// The write-ahead log, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pages {
    all: i64,
    moved: i64,
}

/// What the thread works with.
struct Mover {
    path: PathBuf,
    connection: Connection,
    /// The file itself, to flush it. It is never closed: closing it would let go of the locks that all connections of this process hold.
    file: &'static fs::File,
    due: Arc<AtomicBool>,
}

/// Moves as much as can be moved without anybody waiting.
fn moved_by(connection: &Connection) -> rusqlite::Result<Pages> {
    let read = |row: &rusqlite::Row<'_>| Ok(Pages { all: row.get(1)?, moved: row.get(2)? });
    connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], read)
}

impl Checkpointer {
    /// Begins to look after the file at `path` through `connection`, which nobody else uses.
    pub fn start(path: &Path, connection: Connection) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let due = Arc::new(AtomicBool::new(false));
        let mover = Mover::new(path, connection, Arc::clone(&due))?;
        let thread = std::thread::Builder::new().name("checkpointer".to_owned()).spawn(move || mover.run(&woken));
        thread.map_err(|error| StoreError::File(path.display().to_string(), error))?;
        Ok(Self { transactions: AtomicU32::new(0), due, wake })
    }

    /// What whoever writes does before each transaction: the last step where it is due, and a word to the thread every so often.
    pub fn before_transaction(&self, connection: &Connection) {
        if self.due.load(Ordering::Relaxed) {
            if let Err(error) = moved_by(connection) {
                tracing::warn!(%error, "what has been committed cannot be moved into the file");
            }
            self.due.store(false, Ordering::Relaxed);
        }
        if self.transactions.fetch_add(1, Ordering::Relaxed) % TRANSACTIONS == TRANSACTIONS - 1 {
            // Whoever has been woken and has not begun yet need not be woken again.
            self.wake.try_send(()).unwrap_or_default();
        }
    }
}

impl Mover {
    fn new(path: &Path, connection: Connection, due: Arc<AtomicBool>) -> Result<Self, StoreError> {
        let file = fs::File::open(path).map_err(|error| StoreError::File(path.display().to_string(), error))?;
        Ok(Self { path: path.to_owned(), connection, file: Box::leak(Box::new(file)), due })
    }

    fn run(&self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            if let Err(error) = self.round() {
                tracing::warn!(%error, "what has been committed cannot be moved into the file yet");
            }
        }
    }

    /// Moves what there is. Where the write-ahead log is full, it does so again, and leaves little: what was committed meanwhile.
    fn round(&self) -> Result<(), StoreError> {
        if self.due.load(Ordering::Relaxed) || self.step()?.all < FULL {
            return Ok(());
        }
        let Pages { all, moved } = self.step()?;
        // Somebody who reads for long holds on to what was there when they began.
        self.due.store(all - moved <= FEW, Ordering::Relaxed);
        Ok(())
    }

    /// Moves what there is and flushes it, so that the last step has little to flush, either.
    fn step(&self) -> Result<Pages, StoreError> {
        let pages = moved_by(&self.connection)?;
        self.file.sync_data().map_err(|error| StoreError::File(self.path.display().to_string(), error))?;
        Ok(pages)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::super::file::{File, Flushed};
    use super::*;

    /// A file with a table, written by the connection, and who moves what is written.
    fn file(folder: &tempfile::TempDir) -> (Connection, Mover) {
        let path = folder.path().join("file.db");
        let open = || Connection::open(&path).expect("a file");
        let writes = open();
        writes.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE things (filling BLOB NOT NULL)").expect("a table");
        writes.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF").expect("settings");
        let mover = Mover::new(&path, open(), Arc::default()).expect("a mover");
        (writes, mover)
    }

    /// Writes at least so many pages.
    fn fill(connection: &Connection, pages: i64) {
        let text = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO things (filling) SELECT randomblob(4000) FROM n";
        connection.execute(text, [pages]).expect("rows");
    }

    fn things(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM things", [], |row| row.get(0)).expect("a number")
    }

    /// Someone who has begun to read.
    fn reader(folder: &tempfile::TempDir) -> Connection {
        let reads = Connection::open(folder.path().join("file.db")).expect("a file");
        reads.execute_batch("BEGIN").expect("a transaction");
        things(&reads);
        reads
    }

    fn beside(mover: Mover) -> Checkpointer {
        Checkpointer { transactions: AtomicU32::new(0), due: mover.due, wake: sync_channel(1).0 }
    }

    #[test]
    fn the_log_begins_anew_once_whoever_writes_has_done_the_last_step() {
        let folder = tempfile::tempdir().expect("a folder");
        let (writes, mover) = file(&folder);
        fill(&writes, FULL - 200);
        // Whoever reads stands for a moment in which more is committed than has been moved.
        let reads = reader(&folder);
        fill(&writes, 10);
        mover.round().expect("most of it");
        assert!(!mover.due.load(Ordering::Relaxed), "it is not full");
        fill(&writes, 200);
        mover.round().expect("most of it");
        assert!(mover.due.load(Ordering::Relaxed), "it is full");
        reads.execute_batch("COMMIT").expect("an end");
        fill(&writes, 20);
        let checkpointer = beside(mover);
        checkpointer.before_transaction(&writes);
        assert!(!checkpointer.due.load(Ordering::Relaxed), "it has been done");
        fill(&writes, 10);
        let Pages { all, .. } = moved_by(&writes).expect("pages");
        assert!((10..FEW).contains(&all), "{all} pages: it has not begun anew");
        assert_eq!(things(&writes), FULL + 40);
    }

    #[test]
    fn whoever_reads_for_long_keeps_what_they_see_and_nobody_waits_for_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let (writes, mover) = file(&folder);
        fill(&writes, 10);
        let reads = reader(&folder);
        fill(&writes, FULL);
        mover.round().expect("as much as can be");
        assert!(!mover.due.load(Ordering::Relaxed), "the last step would be long, and lead nowhere");
        assert_eq!((things(&reads), things(&writes)), (10, FULL + 10));
        reads.execute_batch("COMMIT").expect("an end");
        mover.round().expect("the rest");
        assert!(mover.due.load(Ordering::Relaxed), "nobody holds on to it");
    }

    #[tokio::test]
    async fn whatever_is_moved_while_others_are_written_is_there() {
        const WRITTEN: i64 = 1_200;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.db");
        let made = Connection::open(&path).expect("a file");
        made.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE things (id INTEGER PRIMARY KEY, filling BLOB NOT NULL)")
            .expect("a table");
        let file = File::open(&path, Flushed::Always).expect("a file to write");
        for id in 0..WRITTEN {
            let mut tx = file.begin().await;
            tx.gather(move |connection| {
                connection.execute("INSERT INTO things VALUES (?1, randomblob(30000))", params![id * 7919 % WRITTEN]).map(drop)
            });
            tx.commit().await.expect("a commit");
        }
        assert_eq!(things(&made), WRITTEN);
        drop(file);
        let check = |connection: &Connection| -> String {
            connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer")
        };
        assert_eq!(check(&made), "ok");
        drop(made);
        let anew = Connection::open(&path).expect("the file");
        assert_eq!((things(&anew), check(&anew).as_str()), (WRITTEN, "ok"));
    }
}
