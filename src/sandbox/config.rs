//! What a caller may choose. Plain data, easy to fill from flags.

use std::path::PathBuf;
use std::str::FromStr;

use jiff::SignedDuration;

use super::cost::CostModel;
use super::faults::Faults;

/// How a sandbox is to be.
#[derive(Debug, Clone)]
pub struct Config {
    /// The port on loopback; 0 takes any free one.
    pub port: u16,
    /// Fixes the demo data and the password.
    pub seed: u64,
    pub demo: Demo,
    /// The database file; without one everything is in memory and gone at the end.
    pub data: Option<PathBuf>,
    /// Where every request is written as a line of JSON.
    pub log: Option<PathBuf>,
    /// Further modules, fields, relationships and lists.
    pub schema: Option<PathBuf>,
    pub ids: ClientIds,
    pub cost: Option<CostModel>,
    pub faults: Faults,
    pub sessions: Sessions,
    pub limits: Limits,
    /// Platforms a login may name; Sugar refuses the others since Winter '18.
    pub platforms: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            demo: Demo::Small,
            data: None,
            log: None,
            schema: None,
            ids: ClientIds::Honour,
            cost: None,
            faults: Faults::default(),
            sessions: Sessions::default(),
            limits: Limits::default(),
            platforms: ["base", "mobile", "portal", "api", "sugarmill"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

/// How much demo data a new database gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demo {
    /// Users and teams only.
    None,
    /// 50 accounts and what belongs to them.
    Small,
    /// 5,000 accounts and what belongs to them.
    Large,
}

/// A word that is none of the choices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown choice `{given}`; one of {}", choices.join(", "))]
pub struct UnknownChoice {
    pub given: String,
    pub choices: &'static [&'static str],
}

impl FromStr for Demo {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "none" => Ok(Self::None),
            "small" => Ok(Self::Small),
            "large" => Ok(Self::Large),
            _ => Err(UnknownChoice {
                given: text.to_owned(),
                choices: &["none", "small", "large"],
            }),
        }
    }
}

/// What becomes of an `id` in the body of a create. Not documented by Sugar, so both can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientIds {
    Honour,
    Ignore,
}

impl FromStr for ClientIds {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "honour" => Ok(Self::Honour),
            "ignore" => Ok(Self::Ignore),
            _ => Err(UnknownChoice {
                given: text.to_owned(),
                choices: &["honour", "ignore"],
            }),
        }
    }
}

/// Lifetimes of tokens and what a second login does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions {
    pub access: SignedDuration,
    pub refresh: SignedDuration,
    pub concurrent: Concurrent,
}

/// How many sessions a user may have on one platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrent {
    /// A login ends the earlier session of the same user and platform, as Sugar documents.
    One,
    Many,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            access: SignedDuration::from_hours(1),
            refresh: SignedDuration::from_hours(14 * 24),
            concurrent: Concurrent::One,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body in bytes; beyond it 413.
    pub body: usize,
    /// The most entries of one bulk; beyond it 413.
    pub bulk: usize,
    /// The most records of one page, whatever `max_num` asks for.
    pub page: usize,
    /// The most conditions of one filter; beyond it 413.
    pub conditions: usize,
    /// How often a filter may look into other records: links of paths, names of related records, addresses, tags.
    pub joins: usize,
    /// The most lists of linked records in one answer, and records in them, that `fields` may ask for.
    pub linked: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 20 << 20,
            bulk: 10_000,
            page: 1_000,
            conditions: 5_000,
            joins: 1_000,
            linked: 10_000,
        }
    }
}

/// What the handlers need to know of the configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) ids: ClientIds,
    pub(crate) sessions: Sessions,
    pub(crate) limits: Limits,
    pub(crate) platforms: Vec<String>,
    pub(crate) seed: u64,
}

impl Settings {
    /// The same settings for the demo data, whose ids are always its own.
    pub(crate) fn honouring_ids(&self) -> Self {
        Self {
            ids: ClientIds::Honour,
            platforms: self.platforms.clone(),
            ..*self
        }
    }
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        Self {
            ids: config.ids,
            sessions: config.sessions,
            limits: config.limits,
            platforms: config.platforms.clone(),
            seed: config.seed,
        }
    }
}
