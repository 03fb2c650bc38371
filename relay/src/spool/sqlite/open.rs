//! Opening the file: private, locked, of a known schema.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::policy;
use crate::spool::SpoolError;

/// Steps from one version of the schema to the next; the file's version is how many of them it has had.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql")];

/// A page cache of 64 MiB: the known ids of a month are looked up at random.
const CACHE_KIB: i64 = 64 * 1024;

/// Statements that stay prepared: a lookup for each day of known ids, and the rest.
const STATEMENTS: usize = 128;

/// Proof that no other process serves from the file, for as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock beside the file.
pub(super) fn lock(path: &Path) -> Result<Lock, SpoolError> {
    let beside = beside(path, "lock");
    let file = private(&beside)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse(path.into())),
        Err(TryLockError::Error(source)) => Err(SpoolError::File { path: beside, source }),
    }
}

/// Opens the file to serve from it: creates it, makes it private, brings the schema up to date.
pub(super) fn create(path: &Path) -> Result<Connection, SpoolError> {
    private(path)?;
    for suffix in ["wal", "shm"] {
        let beside = beside_with(path, '-', suffix);
        if beside.exists() {
            private(&beside)?;
        }
    }
    let mut connection = connect(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    migrate(&mut connection, MIGRATIONS)?;
    Ok(connection)
}

/// Opens a file that is there and of this version, beside the process that serves from it.
pub(super) fn attach(path: &Path) -> Result<Connection, SpoolError> {
    if !path.exists() {
        return Err(SpoolError::Absent(path.into()));
    }
    let connection = connect(path)?;
    let found = version(&connection)?;
    check(found)?;
    if found == 0 {
        return Err(SpoolError::Absent(path.into()));
    }
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, SpoolError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(policy::BUSY_TIMEOUT))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Only macOS knows it: there an fsync alone does not reach the disk.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Makes the missing steps, each with its version in one transaction: a start that is killed here can be made again.
fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), SpoolError> {
    let found = version(connection)?;
    check(found)?;
    for (place, step) in migrations.iter().enumerate().skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", place as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn check(found: i64) -> Result<(), SpoolError> {
    let known = MIGRATIONS.len() as i64;
    if (0..=known).contains(&found) { Ok(()) } else { Err(SpoolError::Newer { found, known }) }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Opens a file that only its owner may read, whatever it was before.
fn private(path: &Path) -> Result<File, SpoolError> {
    let error = |source: io::Error| SpoolError::File { path: path.into(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(error)?;
    #[cfg(unix)]
    file.set_permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600))
        .map_err(error)?;
    Ok(file)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    beside_with(path, '.', suffix)
}

/// Returns the path with a suffix after its whole name, as SQLite forms the names of its own files.
pub(super) fn beside_with(path: &Path, separator: char, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("{separator}{suffix}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_earlier_version_gets_the_missing_steps_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x);"]).unwrap();
        connection.execute_batch("INSERT INTO a VALUES (7);").unwrap();
        // The file's version must be known for the second start: it has had one of two steps.
        let steps = ["CREATE TABLE a (x);", "ALTER TABLE a ADD COLUMN y;"];
        migrate(&mut connection, &steps).unwrap();
        let kept: i64 =
            connection.query_row("SELECT x FROM a WHERE y IS NULL", [], |row| row.get(0)).unwrap();
        assert_eq!((kept, version(&connection).unwrap()), (7, 2));
    }
}
