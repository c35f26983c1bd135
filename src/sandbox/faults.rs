//! Misbehaviour on request: which calls it strikes and what happens to them.
//!
//! A fault has a text form for flags and for the administrative endpoint: an effect, then conditions.
//! `label:fatal_error,path=/Accounts,method=POST,skip=2,times=1`

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use super::call::Method;
use crate::wire::SugarLabel;

/// All faults of a sandbox, in the order in which they strike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    pub rules: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub effect: Effect,
    pub scope: Scope,
    /// Only calls of this HTTP method.
    pub method: Option<String>,
    /// Only calls whose path holds this text.
    pub path: Option<String>,
    /// So many matching calls are let through first.
    pub skip: u32,
    /// It strikes so often and then never again; without a number always.
    pub times: Option<u32>,
}

/// What a fault counts and strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// HTTP requests; a bulk is one.
    Request,
    /// Single calls: requests that are no bulk, and the entries of bulks. A connection dropped at an entry leaves the
    /// entries before it done.
    Entry,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// `label:LABEL`: refused with the label, its status and body; nothing is done.
    Label(SugarLabel),
    /// `label:LABEL:STATUS`: the same with a label of a custom endpoint or a logic hook.
    OwnLabel { label: String, status: u16 },
    /// `status:429` or `status:429:5`: an empty answer, with `Retry-After` if seconds are given.
    Status {
        status: u16,
        retry_after: Option<u32>,
    },
    /// `html:502`: the page of a gateway in place of JSON.
    Html(u16),
    /// `latency:250`: so many milliseconds before anything else.
    Latency(Duration),
    /// `drop_before`: the connection breaks and nothing was done.
    DropBefore,
    /// `drop_after`: the work is done, then the connection breaks.
    DropAfter,
    /// `truncate`: the work is done, half the answer arrives.
    Truncate,
    /// `expire`: every access token expires before the call.
    ExpireTokens,
    /// `logout`: every session ends before the call, as by logins elsewhere.
    EndSessions,
    /// `edit` or `edit:FIELD:VALUE`: somebody else changes the call's record just before it is served.
    Edit { field: String, value: String },
    /// `metadata` or `metadata:MODULE.FIELD`: an administrator changes the metadata; its hash is another one from then
    /// on, and the field is gone.
    ChangeMetadata(Option<GoneField>),
}

/// A field that an administrator takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneField {
    pub module: String,
    pub field: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault `{given}`; {help}")]
pub struct UnknownFault {
    pub given: String,
    pub help: &'static str,
}

const HELP: &str = "an effect (label:L[:STATUS], status:N[:SECONDS], html:N, latency:MS, drop_before, drop_after, truncate, \
                    expire, logout, edit[:FIELD:VALUE], metadata[:MODULE.FIELD]), then any of scope=entry, method=M, path=TEXT, \
                    skip=N, times=N";

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault {
            given: text.to_owned(),
            help: HELP,
        };
        let mut parts = text.split(',').map(str::trim);
        let effect = Effect::parse(parts.next().unwrap_or_default()).ok_or_else(unknown)?;
        let mut fault = Self {
            effect,
            scope: Scope::Request,
            method: None,
            path: None,
            skip: 0,
            times: None,
        };
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(unknown)?;
            match key {
                "scope" if value == "entry" => fault.scope = Scope::Entry,
                "scope" if value == "request" => fault.scope = Scope::Request,
                "method" => {
                    let method = Method::parse(value).ok_or_else(unknown)?;
                    fault.method = Some(method.to_string());
                }
                "path" => fault.path = Some(value.to_owned()),
                "skip" => fault.skip = value.parse().map_err(|_| unknown())?,
                "times" => fault.times = Some(value.parse().map_err(|_| unknown())?),
                _ => return Err(unknown()),
            }
        }
        Ok(fault)
    }
}

impl Effect {
    fn parse(text: &str) -> Option<Self> {
        let (name, argument) = text
            .split_once(':')
            .map_or((text, None), |(name, rest)| (name, Some(rest)));
        Some(match (name, argument) {
            ("label", Some(rest)) => match rest.split_once(':') {
                None => Self::Label(SugarLabel::parse(rest)?),
                Some(("", _)) => return None,
                Some((label, status)) => Self::OwnLabel {
                    label: label.to_owned(),
                    status: http_status(status)?,
                },
            },
            ("status", Some(rest)) => {
                let (status, seconds) = rest
                    .split_once(':')
                    .map_or((rest, None), |(a, b)| (a, Some(b)));
                Self::Status {
                    status: http_status(status)?,
                    retry_after: seconds.map(str::parse).transpose().ok()?,
                }
            }
            ("html", Some(status)) => Self::Html(http_status(status)?),
            ("latency", Some(milliseconds)) => {
                Self::Latency(Duration::from_millis(milliseconds.parse().ok()?))
            }
            ("drop_before", None) => Self::DropBefore,
            ("drop_after", None) => Self::DropAfter,
            ("truncate", None) => Self::Truncate,
            ("expire", None) => Self::ExpireTokens,
            ("logout", None) => Self::EndSessions,
            ("metadata", None) => Self::ChangeMetadata(None),
            ("metadata", Some(gone)) => {
                let (module, field) = gone.split_once('.')?;
                Self::ChangeMetadata(Some(GoneField {
                    module: module.to_owned(),
                    field: field.to_owned(),
                }))
            }
            ("edit", None) => Self::Edit {
                field: "description".to_owned(),
                value: "Changed by somebody else.".to_owned(),
            },
            ("edit", Some(rest)) => {
                let (field, value) = rest.split_once(':')?;
                Self::Edit {
                    field: field.to_owned(),
                    value: value.to_owned(),
                }
            }
            _ => return None,
        })
    }
}

fn http_status(text: &str) -> Option<u16> {
    text.parse()
        .ok()
        .filter(|status| (200..=599).contains(status))
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => write!(f, "label:{}", label.as_str()),
            Self::OwnLabel { label, status } => write!(f, "label:{label}:{status}"),
            Self::Status {
                status,
                retry_after: None,
            } => write!(f, "status:{status}"),
            Self::Status {
                status,
                retry_after: Some(seconds),
            } => write!(f, "status:{status}:{seconds}"),
            Self::Html(status) => write!(f, "html:{status}"),
            Self::Latency(time) => write!(f, "latency:{}", time.as_millis()),
            Self::DropBefore => f.write_str("drop_before"),
            Self::DropAfter => f.write_str("drop_after"),
            Self::Truncate => f.write_str("truncate"),
            Self::ExpireTokens => f.write_str("expire"),
            Self::EndSessions => f.write_str("logout"),
            Self::Edit { field, value } => write!(f, "edit:{field}:{value}"),
            Self::ChangeMetadata(None) => f.write_str("metadata"),
            Self::ChangeMetadata(Some(gone)) => {
                write!(f, "metadata:{}.{}", gone.module, gone.field)
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.effect)?;
        if self.scope == Scope::Entry {
            f.write_str(",scope=entry")?;
        }
        if let Some(method) = &self.method {
            write!(f, ",method={method}")?;
        }
        if let Some(path) = &self.path {
            write!(f, ",path={path}")?;
        }
        if self.skip > 0 {
            write!(f, ",skip={}", self.skip)?;
        }
        match self.times {
            Some(times) => write!(f, ",times={times}"),
            None => Ok(()),
        }
    }
}

/// The faults of a running sandbox with what is left of their counts.
#[derive(Debug, Default)]
pub(crate) struct LiveFaults(Mutex<Vec<Fault>>);

impl LiveFaults {
    pub(crate) fn new(faults: Faults) -> Self {
        Self(Mutex::new(faults.rules))
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, faults: Vec<Fault>) {
        self.rules().extend(faults);
    }

    pub(crate) fn clear(&self) {
        self.rules().clear();
    }

    /// Text forms with the present counts.
    pub(crate) fn list(&self) -> Vec<String> {
        self.rules().iter().map(Fault::to_string).collect()
    }

    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.rules()
            .iter()
            .any(|fault| fault.scope == scope && fault.times != Some(0))
    }

    /// The effects that strike this call; their counts go down.
    pub(crate) fn strike(&self, scope: Scope, method: Method, path: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for fault in self
            .rules()
            .iter_mut()
            .filter(|fault| fault.matches(scope, method, path))
        {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(times) = &mut fault.times {
                if *times == 0 {
                    continue;
                }
                *times -= 1;
            }
            effects.push(fault.effect.clone());
        }
        effects
    }
}

impl Fault {
    /// The field that is gone once the fault strikes.
    pub(crate) fn gone(&self) -> Option<&GoneField> {
        match &self.effect {
            Effect::ChangeMetadata(gone) => gone.as_ref(),
            _ => None,
        }
    }

    fn matches(&self, scope: Scope, method: Method, path: &str) -> bool {
        self.scope == scope
            && self
                .method
                .as_deref()
                .is_none_or(|wanted| Method::parse(wanted) == Some(method))
            && self
                .path
                .as_deref()
                .is_none_or(|wanted| path.contains(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_back_as_they_are_written() {
        for text in [
            "label:fatal_error",
            "label:no_credit:422",
            "status:429:5",
            "html:502,scope=entry",
            "latency:250,method=POST,path=/Accounts",
            "drop_before,skip=2,times=1",
            "drop_after",
            "truncate",
            "expire",
            "logout",
            "metadata",
            "edit:status:Dead,path=/Leads",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "label:nonsense",
            "status:999",
            "drop_after:1",
            "expire,often=1",
            "html",
            "expire,times=x",
            "expire,method=NOPE",
            "label::500",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_run_down() {
        let faults = LiveFaults::new(Faults {
            rules: vec!["expire,skip=1,times=2,path=/x".parse().unwrap()],
        });
        let strikes: Vec<usize> = (0..5)
            .map(|_| faults.strike(Scope::Request, Method::Get, "/x").len())
            .collect();
        assert_eq!(strikes, [0, 1, 1, 0, 0]);
        assert!(!faults.has(Scope::Request));
        assert!(faults.strike(Scope::Entry, Method::Get, "/x").is_empty());
    }
}
