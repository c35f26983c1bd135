//! `sugarmill.toml`: instances by name. How to log in stands in the environment, never in the file.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;

use super::failure::Failure;
use crate::client::PlainHttp;
use crate::client::Site;
use crate::diag::all_of;
use crate::diag::did_you_mean;

/// The file, looked for in the working folder and in those above it.
const FILE: &str = "sugarmill.toml";

/// Keys that name the environment variable of a secret.
const OF_SECRETS: [&str; 3] = ["password_env", "access_token_env", "client_secret_env"];

/// The other keys of a profile.
const KEYS: [&str; 9] = [
    "url",
    "username",
    "client_id",
    "platform",
    "api_version",
    "ca_file",
    "identity",
    "production",
    "allow_http",
];

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
        let contents: Contents =
            toml::from_str(&text).map_err(|error| unreadable(&path, &text, &error))?;
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
        let names: Vec<&str> = self.names().collect();
        match names.as_slice() {
            [] => "it has none".into(),
            [only] => format!("there is `{only}`"),
            names => format!("there are {}", all_of(names.iter().copied())),
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

/// Why a file does not read. Of what it says only keys are repeated: a value may be a secret that was written down here.
fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let said = error.message();
    let unknown = said.strip_prefix("unknown field `");
    let unknown = unknown.and_then(|rest| rest.split_once('`'));
    let (what, help) = match unknown {
        Some((key, _)) => (format!("there is no key `{key}`"), instead_of(key)),
        None => (without_value(said), None),
    };
    let usual = "profiles stand under `[profiles.NAME]`, each with at least a `url`";
    Failure::Arguments {
        message: format!("`{}`, line {line}: {what}", path.display()),
        help: Some(help.unwrap_or_else(|| usual.to_owned())),
    }
}

/// What somebody meant who wrote a key that there is not.
fn instead_of(key: &str) -> Option<String> {
    let of_secret = did_you_mean(&format!("{key}_env"), OF_SECRETS);
    let is_secret = OF_SECRETS
        .iter()
        .find(|known| known.strip_suffix("_env") == Some(key));
    match (is_secret, of_secret) {
        (Some(known), _) => Some(format!(
            "put it into an environment variable, and write its name: `{known} = \"VARIABLE\"`"
        )),
        (None, Some(meant)) => Some(meant),
        (None, None) => did_you_mean(key, KEYS),
    }
}

/// The words of a wrong value without the value: what is expected in its place.
fn without_value(said: &str) -> String {
    let is_of_value = said.starts_with("invalid type") || said.starts_with("invalid value");
    match said.rsplit_once(", expected ") {
        Some((_, expected)) if is_of_value => format!("expected {expected}"),
        _ => said.to_owned(),
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
    fn what_is_wrong_is_named_with_its_line_and_never_its_value() {
        for (line, what, help) in [
            (
                "password = 'hunter2'",
                "there is no key `password`",
                "write its name: `password_env = \"VARIABLE\"`",
            ),
            (
                "passwort = 'hunter2'",
                "there is no key `passwort`",
                "did you mean `password_env`?",
            ),
            (
                "user_name = 'hunter2'",
                "there is no key `user_name`",
                "did you mean `username`?",
            ),
            (
                "production = 'hunter2'",
                "expected a boolean",
                "profiles stand under",
            ),
            (
                "password_env = 'hunter2",
                "invalid literal string",
                "profiles stand under",
            ),
            (
                "password_env = hunter2",
                "string values must be quoted",
                "profiles stand under",
            ),
        ] {
            let failure = profiles(&format!("[profiles.live]\nurl = 'x'\n{line}\n")).unwrap_err();
            let (said, advice) = (failure.to_string(), failure.help().unwrap());
            assert!(said.contains("line 3: ") && said.contains(what), "{said}");
            assert!(advice.contains(help), "{advice}");
            assert!(
                !format!("{said}{advice}").contains("hunter2"),
                "{said} {advice}"
            );
        }
    }

    #[test]
    fn hosts() {
        assert_eq!(host("https://crm.example.com/sugar"), "crm.example.com");
        assert_eq!(host("http://127.0.0.1:8080"), "127.0.0.1");
        assert_eq!(host("sandbox:1"), "sandbox");
    }
}
