//! How to reach an instance and as whom.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::ClientError;
use super::Site;

/// Everything a client needs to know. Secrets do not show in its `Debug`.
#[derive(Debug, Clone)]
pub struct Connection {
    pub site: Site,
    pub credentials: Credentials,
    pub client_id: String,
    /// Looked at only where the instance's OAuth key has one (fact sheet 8).
    pub client_secret: SecretString,
    /// A second login with the same user and platform ends the first one's session.
    pub platform: String,
    pub api_version: ApiVersion,
    /// More roots to trust, as PEM.
    pub ca_file: Option<PathBuf>,
    /// For a whole exchange, from the first byte sent to the last one read.
    pub request_timeout: Duration,
    /// The most requests begun in a second.
    pub most_per_second: Option<f64>,
    pub proxy: Option<Proxy>,
}

#[derive(Debug, Clone)]
pub enum Credentials {
    Password {
        username: String,
        password: SecretString,
    },
    /// A token from elsewhere; never refreshed.
    AccessToken(SecretString),
}

/// An HTTP proxy for https addresses. Loopback is never reached through one.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub url: String,
    /// Hosts reached without it, as `NO_PROXY` lists them.
    pub except: Option<String>,
}

/// The version in the path: `v11_5`. Clients in use write `v11.17` too (fact sheet 0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion(String);

impl Connection {
    pub fn new(site: Site, credentials: Credentials) -> Self {
        Self {
            site,
            credentials,
            client_id: "sugar".into(),
            client_secret: SecretString::default(),
            platform: "base".into(),
            api_version: ApiVersion::default(),
            ca_file: None,
            request_timeout: Duration::from_mins(2),
            most_per_second: None,
            proxy: None,
        }
    }
}

impl Credentials {
    /// Who is meant, for messages.
    pub fn username(&self) -> Option<&str> {
        match self {
            Self::Password { username, .. } => Some(username),
            Self::AccessToken(_) => None,
        }
    }
}

impl ApiVersion {
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        let refused = || ClientError::ApiVersion {
            text: text.to_owned(),
        };
        let digits = text.trim().strip_prefix('v').ok_or_else(refused)?;
        let (major, minor) = digits.split_once(['_', '.']).unwrap_or((digits, "0"));
        let number = |part: &str| {
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if number(major) && number(minor) {
            Ok(Self(text.trim().to_owned()))
        } else {
            Err(refused())
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self("v11_5".into())
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_use_are_taken() {
        for text in ["v10", "v11", "v11_4", "v11_24", "v11.17", " v11_5 "] {
            assert!(ApiVersion::parse(text).is_ok(), "{text}");
        }
        for text in ["", "11_5", "v", "v11_", "v11_5/Accounts", "latest", "v1234"] {
            assert!(ApiVersion::parse(text).is_err(), "{text}");
        }
    }
}
