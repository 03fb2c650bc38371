//! Violence on the real relay under load, counted: `cargo xtask chaos --relay`.
//!
//! Visitors send through the relay, an event a second each, while the case does its worst. Then the visitors stop
//! tracking, send what they still keep, and the relay drains: every event that was tracked must be with the collector.

mod crowd;
mod disk;
mod kills;
mod lock;
mod postgres;
mod stage;
mod upstream;

use std::time::Duration;

use anyhow::Result;

pub use stage::Count;

/// The load before and between violent acts.
const CALM: Duration = Duration::from_secs(2);

/// Events that one crash may repeat: two batches in flight.
const REPEATS: usize = 200;

/// A case of violence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violence {
    /// `kill -9` and a restart, again and again, while the collector takes this many milliseconds for an answer.
    Kill { latency: u64 },
    /// Two relays on one PostgreSQL, and `kill -9` for the one that sends.
    KillSender,
    /// PostgreSQL is stopped and restarted.
    Postgres,
    /// The disk of the spool is filled and freed.
    DiskFull { reserve: u64 },
    /// The relay is killed and started again while the disk is full.
    DiskFullKill,
    /// Another connection locks the SQLite file.
    Locked,
    /// The collector is down.
    Down,
    /// The collector stores batches and cuts the connection before its reply.
    CutReplies,
    /// The collector answers 429.
    Limited,
    /// The collector refuses three requests.
    Refused,
    /// The collector refuses one event in a thousand, and each batch that holds it.
    OneRefused,
    /// Idle connections by the thousand, slow clients and bad requests.
    Crowd,
}

impl Violence {
    /// All cases with their names, in the order of the report.
    pub const ALL: [(&'static str, Self); 14] = [
        ("kill-200", Self::Kill { latency: 200 }),
        ("kill-1000", Self::Kill { latency: 1_000 }),
        ("kill-sender", Self::KillSender),
        ("postgres", Self::Postgres),
        ("disk", Self::DiskFull { reserve: disk::RESERVE }),
        ("disk-without-reserve", Self::DiskFull { reserve: 0 }),
        ("disk-kill", Self::DiskFullKill),
        ("lock", Self::Locked),
        ("down", Self::Down),
        ("cut", Self::CutReplies),
        ("429", Self::Limited),
        ("400", Self::Refused),
        ("one-in-a-thousand", Self::OneRefused),
        ("crowd", Self::Crowd),
    ];

    /// Describes the case; `kills` is how often a relay is killed.
    pub fn describe(self, kills: u32) -> String {
        match self {
            Self::Kill { latency } => kills::describe(latency, kills),
            Self::KillSender => kills::describe_sender(kills),
            Self::Postgres => postgres::describe(),
            Self::DiskFull { reserve } => disk::describe(reserve),
            Self::DiskFullKill => disk::describe_kill(),
            Self::Locked => lock::describe(),
            Self::Down => upstream::describe_down(),
            Self::CutReplies => "five replies cut after the batch is stored".into(),
            Self::Limited => upstream::describe_limited(),
            Self::Refused => "three requests answered 400".into(),
            Self::OneRefused => "one event in a thousand refused with 400".into(),
            Self::Crowd => crowd::describe(),
        }
    }

    /// Plays the case with a collector, relays and visitors of its own.
    pub async fn play(self, kills: u32) -> Result<Count> {
        match self {
            Self::Kill { latency } => kills::play(latency, kills).await,
            Self::KillSender => kills::play_sender(kills).await,
            Self::Postgres => postgres::play().await,
            Self::DiskFull { reserve } => disk::play(reserve).await,
            Self::DiskFullKill => disk::play_kill().await,
            Self::Locked => lock::play().await,
            Self::Down => upstream::play_down().await,
            Self::CutReplies => upstream::play_cut_replies().await,
            Self::Limited => upstream::play_limited().await,
            Self::Refused => upstream::play_refused().await,
            Self::OneRefused => upstream::play_one_refused().await,
            Self::Crowd => crowd::play().await,
        }
    }
}
