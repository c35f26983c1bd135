//! What ends a command, and what a request can meet.

use std::path::PathBuf;

use super::SiteError;
use crate::wire::Fault;

/// An error no repeating mends: what is wrong, where, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error("`{text}` is not an API version; it is written like `v11_5`")]
    ApiVersion { text: String },
    #[error("`{}` is not a file of certificates: {reason}", path.display())]
    CaFile { path: PathBuf, reason: String },
    #[error("the proxy's address is not one: {reason}")]
    Proxy { reason: String },
    #[error("no TLS on this machine: {reason}; `SUGAR_CA_FILE` can name the certificates to trust")]
    Tls { reason: String },

    #[error("{}", unreachable(site, fault))]
    Unreachable { site: String, fault: Fault },
    #[error("`{site}` is not a Sugar instance, or its address lacks a folder: {detail}")]
    NotSugar { site: String, detail: String },
    #[error("`{site}` answers with {detail}; use the address it leads to")]
    Redirected { site: String, detail: String },
    #[error(
        "`{site}` does not serve version `{version}` of its API: {message}; set `SUGAR_API_VERSION`"
    )]
    WrongVersion {
        site: String,
        version: String,
        message: String,
    },
    #[error(
        "`{site}` refused the login of `{username}` on platform `{platform}`: {message}; check user name and \
         password, and that the platform is registered"
    )]
    LoginRefused {
        site: String,
        username: String,
        platform: String,
        message: String,
    },
    #[error(
        "`{site}` does not take the token of `SUGAR_ACCESS_TOKEN`, or no longer; it is never refreshed"
    )]
    TokenRefused { site: String },
    #[error(
        "another login uses user `{username}` and platform `{platform}` on `{site}`: three sessions were ended within \
         ten minutes; use a platform of its own"
    )]
    SessionFight {
        site: String,
        username: String,
        platform: String,
    },
    #[error(
        "`{site}` ended three sessions of user `{username}` on platform `{platform}` within ten minutes, long before their \
         time, and does not say why; if another login may use both, use a platform of its own"
    )]
    SessionsLost {
        site: String,
        username: String,
        platform: String,
    },
}

fn unreachable(site: &str, fault: &Fault) -> String {
    match fault {
        // It names the site itself.
        Fault::Network { detail, .. } => detail.clone(),
        Fault::Refused { .. } | Fault::NotJson { .. } | Fault::Timeout { .. } => {
            format!("`{site}` is not available now: {}", words(fault))
        }
    }
}

/// What the instance said, with its label: the texts come from a language pack, the labels do not.
pub(super) fn words(fault: &Fault) -> String {
    match fault {
        Fault::Refused { label, message, .. } if message.is_empty() => label.to_string(),
        Fault::Refused { label, message, .. } => format!("{message} ({label})"),
        other => other.to_string(),
    }
}

/// Whose matter an error is; it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// What somebody wrote: exit 3.
    Settings,
    /// The instance gave no answer to work with: exit 4.
    Silence,
    /// The instance, or what stands at its address, gave an answer that leaves no way to go on: exit 4.
    Answer,
}

impl ClientError {
    pub fn cause(&self) -> Cause {
        match self {
            Self::Site(_)
            | Self::ApiVersion { .. }
            | Self::CaFile { .. }
            | Self::Proxy { .. }
            | Self::Tls { .. } => Cause::Settings,
            Self::Unreachable { .. } => Cause::Silence,
            Self::NotSugar { .. }
            | Self::Redirected { .. }
            | Self::WrongVersion { .. }
            | Self::LoginRefused { .. }
            | Self::TokenRefused { .. }
            | Self::SessionFight { .. }
            | Self::SessionsLost { .. } => Cause::Answer,
        }
    }
}

/// Why a request as a whole brought nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// Nothing more can be sent with this client.
    #[error(transparent)]
    Stop(#[from] ClientError),
    /// There is no session at the moment. Nothing of the request was sent, whatever the fault says of itself.
    #[error("no session: {0}")]
    NotSent(Fault),
    /// The request was sent and this is all that is known of all of its entries.
    #[error("{0}")]
    Whole(Fault),
}

impl Failure {
    /// Whether a write of the request can have happened.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Stop(_) | Self::NotSent(_) => false,
            Self::Whole(fault) => fault.may_have_happened(),
        }
    }

    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Stop(_) => None,
            Self::NotSent(fault) | Self::Whole(fault) => Some(fault),
        }
    }
}
