//! The schema and its versions.

use tokio_postgres::Client;

use crate::spool::SpoolError;

/// Steps from one version of the schema to the next.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql")];

/// One relay migrates at a time, and one creates a partition.
pub(super) const DDL_LOCK: i64 = 0x4150_5052_0000_0001;

/// Makes the missing steps, all in one transaction.
pub(super) async fn migrate(client: &mut Client) -> Result<(), SpoolError> {
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&DDL_LOCK]).await?;
    transaction
        .batch_execute(
            "CREATE SCHEMA IF NOT EXISTS appizer_relay;
             CREATE TABLE IF NOT EXISTS version (n bigint NOT NULL);
             INSERT INTO version SELECT 0 WHERE NOT EXISTS (SELECT FROM version);",
        )
        .await?;
    let found: i64 = transaction.query_one("SELECT n FROM version", &[]).await?.get(0);
    let known = MIGRATIONS.len() as i64;
    if !(0..=known).contains(&found) {
        return Err(SpoolError::Newer { found, known });
    }
    for step in &MIGRATIONS[found as usize..] {
        transaction.batch_execute(step).await?;
    }
    transaction.execute("UPDATE version SET n = $1", &[&known]).await?;
    transaction.commit().await?;
    Ok(())
}
