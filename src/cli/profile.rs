//! `sugarmill.toml`: instances by name. How to log in stands in the environment, never in the file.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;

use super::failure::Failure;
use crate::client::PlainHttp;
use crate::client::Site;
use crate::diag::did_you_mean;

/// The file, looked for in the working folder and in those above it.
const FILE: &str = "sugarmill.toml";

/// One instance. What is left out comes from the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) url: String,
    pub(crate) username: Option<String>,
    /// The environment variable that holds the password.
    pub(crate) password_env: Option<String>,
    /// The environment variable that holds an access token.
    pub(crate) access_token_env: Option<String>,
    pub(crate) client_id: Option<String>,
    /// The environment variable that holds the client's secret.
    pub(crate) client_secret_env: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    /// What ids of new records are made of, in place of the address, so that another address creates nothing anew.
    pub(crate) identity: Option<String>,
    /// Writing there wants `--confirm HOST` as well.
    #[serde(default)]
    pub(crate) production: bool,
    /// Plain http to another machine.
    #[serde(default)]
    pub(crate) allow_http: bool,
}

/// What a `sugarmill.toml` says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profiles {
    path: Option<PathBuf>,
    profiles: BTreeMap<String, Profile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

impl Profiles {
    /// Reads the nearest file. None is no mistake; one that does not read is.
    pub(crate) fn find(folder: &Path) -> Result<Self, Failure> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let Some(path) = folder
            .ancestors()
            .map(|folder| folder.join(FILE))
            .find(|path| path.is_file())
        else {
            return Ok(Self::default());
        };
        let text = fs_err::read_to_string(&path).map_err(|error| {
            Failure::arguments(format!(
                "`{}` cannot be read: {}",
                path.display(),
                error.kind()
            ))
        })?;
        let contents: Contents = toml::from_str(&text).map_err(|error| Failure::Arguments {
            message: format!(
                "`{}` is not as it should be:\n{}",
                path.display(),
                error.to_string().trim_end()
            ),
            help: Some("profiles stand under `[profiles.NAME]`, each with at least a `url`".into()),
        })?;
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut profiles = contents.profiles;
        for profile in profiles.values_mut() {
            profile.ca_file = profile.ca_file.take().map(|file| beside.join(file));
        }
        Ok(Self {
            path: Some(path),
            profiles,
        })
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Profile, Failure> {
        self.profiles.get(name).ok_or_else(|| {
            let (message, help) = match &self.path {
                None => (
                    format!(
                        "there is no profile `{name}`, since there is no `{FILE}` here or above"
                    ),
                    "`sugarmill init` writes one".to_owned(),
                ),
                Some(path) => (
                    format!("`{}` has no profile `{name}`", path.display()),
                    did_you_mean(name, self.names()).unwrap_or_else(|| self.listed()),
                ),
            };
            Failure::Arguments {
                message,
                help: Some(help),
            }
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Names for somebody who has not chosen one.
    pub(crate) fn listed(&self) -> String {
        let names: Vec<String> = self.names().map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [] => "it has none".into(),
            names => format!("there is {}", names.join(", ")),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    /// Whether any profile calls this site production, however the command came to it.
    pub(crate) fn is_production(&self, site: &str) -> bool {
        self.profiles
            .values()
            .filter(|profile| profile.production)
            .filter_map(|profile| Site::parse(&profile.url, PlainHttp::Anywhere).ok())
            .any(|production| production.as_str() == site)
    }
}

/// The host of a site, as `--confirm` wants it typed.
pub(crate) fn host(site: &str) -> &str {
    let rest = site.split_once("://").map_or(site, |(_, rest)| rest);
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(text: &str) -> Result<Profiles, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        Profiles::find(&below)
    }

    #[test]
    fn a_profile_is_found_in_a_folder_above() {
        let found =
            profiles("[profiles.live]\nurl = 'https://crm.example.com/'\nproduction = true")
                .unwrap();
        assert!(found.get("live").unwrap().production);
        assert!(found.is_production("https://crm.example.com"));
        assert!(!found.is_production("https://test.example.com"));
    }

    #[test]
    fn a_wrong_name_has_the_right_one_beside_it() {
        let found = profiles("[profiles.staging]\nurl = 'https://test.example.com'").unwrap();
        let failure = found.get("stagin").unwrap_err();
        assert_eq!(failure.help().unwrap(), "did you mean `staging`?");
    }

    #[test]
    fn a_key_that_is_unknown_is_named_with_its_line() {
        let failure = profiles("[profiles.live]\nurl = 'x'\npassword = 'y'").unwrap_err();
        let said = failure.to_string();
        assert!(
            said.contains("line 3") && said.contains("password"),
            "{said}"
        );
    }

    #[test]
    fn hosts() {
        assert_eq!(host("https://crm.example.com/sugar"), "crm.example.com");
        assert_eq!(host("http://127.0.0.1:8080"), "127.0.0.1");
        assert_eq!(host("sandbox:1"), "sandbox");
    }
}
