//! The instance of a command: a named one, or a sandbox that lives as long as the command.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::connect;
use super::connect::Destination;
use super::failure::Failure;
use super::profile;
use super::profile::Profile;
use super::profile::Profiles;
use super::settings::Instance as Wanted;
use super::settings::Settings;
use super::signals::Signals;
use super::turn::Queue;
use crate::client::Connection;
use crate::client::Credentials;
use crate::client::Me;
use crate::client::MetadataCache;
use crate::client::PlainHttp;
use crate::client::Reader;
use crate::client::Site;
use crate::client::SiteError;
use crate::diag::Vault;
use crate::playbook;
use crate::runfile::Turn;
use crate::runfile::Whose;
use crate::sandbox;

/// How much somebody who writes there has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    Usual,
    /// A profile says `production = true`.
    Production,
}

/// How requests are sent, as far as a playbook says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    request_timeout: Option<Duration>,
    most_per_second: Option<f64>,
}

impl Manner {
    pub(crate) fn of(settings: &playbook::Settings) -> Self {
        Self {
            request_timeout: settings.request_timeout,
            most_per_second: settings.max_requests_per_second,
        }
    }

    pub(super) fn set(self, connection: &mut Connection) {
        if let Some(timeout) = self.request_timeout {
            connection.request_timeout = timeout;
        }
        connection.most_per_second = self.most_per_second;
    }
}

/// The way to an instance, before anything was sent there.
pub(crate) struct Way {
    pub(crate) reader: Reader,
    /// What run files know it by.
    pub(crate) name: String,
    /// What the profile says ids are made of.
    pub(crate) identity: Option<String>,
    pub(crate) care: Care,
    sandbox: Option<sandbox::Running>,
}

/// A session with an instance.
pub(crate) struct Session {
    pub(crate) reader: Reader,
    pub(crate) me: Me,
    /// What run files know it by.
    pub(crate) name: String,
    /// What the profile says ids are made of.
    pub(crate) identity: Option<String>,
    pub(crate) care: Care,
    /// Of one that writes.
    turn: Option<Turn>,
    /// The secrets that its requests have and nothing else.
    pub(crate) vault: Arc<Vault>,
    /// Metadata of earlier commands. A sandbox that lives as long as the command has none.
    pub(crate) cache: Option<MetadataCache>,
    sandbox: Option<sandbox::Running>,
}

impl Way {
    pub(crate) async fn find(settings: &Settings, manner: Manner) -> Result<Self, Failure> {
        match &settings.instance {
            Wanted::Sandbox => Self::to_sandbox(manner).await,
            Wanted::Named { url, plain_http } => {
                let profiles = Profiles::find(Path::new("."))?;
                let Some(url) = url.clone() else {
                    return Err(nowhere(&profiles));
                };
                let destination = Destination {
                    url,
                    plain_http: *plain_http,
                    profile: Profile::default(),
                };
                Self::to(settings, &profiles, destination, manner)
            }
            Wanted::Profile { name, plain_http } => {
                let profiles = Profiles::find(Path::new("."))?;
                let profile = profiles.get(name)?.clone();
                let destination = Destination {
                    url: profile.url.clone(),
                    plain_http: *plain_http,
                    profile,
                };
                Self::to(settings, &profiles, destination, manner)
            }
        }
    }

    fn to(
        settings: &Settings,
        profiles: &Profiles,
        destination: Destination,
        manner: Manner,
    ) -> Result<Self, Failure> {
        let connection = connect::connection(&settings.environment, &destination, manner)?;
        let name = connection.site.as_str().to_owned();
        Ok(Self {
            care: if profiles.is_production(&name) {
                Care::Production
            } else {
                Care::Usual
            },
            identity: destination.profile.identity,
            reader: Reader::new(connection)?,
            name,
            sandbox: None,
        })
    }

    async fn to_sandbox(manner: Manner) -> Result<Self, Failure> {
        let config = sandbox::Config::default();
        // Its address changes from command to command, its seed makes the same data: that is its identity.
        let name = format!("sandbox:{}", config.seed);
        let running = sandbox::start(config).await?;
        let site = Site::parse(running.url(), PlainHttp::LoopbackOnly)
            .map_err(|error: SiteError| Failure::Client(error.into()))?;
        let credentials = Credentials::Password {
            username: running.username().to_owned(),
            password: SecretString::from(running.password().to_owned()),
        };
        let mut connection = Connection::new(site, credentials);
        manner.set(&mut connection);
        Ok(Self {
            reader: Reader::new(connection)?,
            name,
            identity: None,
            care: Care::Usual,
            sandbox: Some(running),
        })
    }

    pub(crate) fn confirmed(&self, typed: Option<&str>) -> Result<(), Failure> {
        confirmed(self.care, &self.name, typed)
    }

    /// Nobody else logs in to a sandbox of this process.
    pub(crate) async fn turn(&self, queue: Queue<'_>, user: &str) -> Result<Option<Turn>, Failure> {
        if self.sandbox.is_some() {
            return Ok(None);
        }
        let whose = Whose {
            instance: self.name.clone(),
            user: user.to_owned(),
            platform: self.reader.platform().to_owned(),
        };
        queue.turn(&whose).await.map(Some)
    }

    /// The same as [`Session::leave`].
    pub(crate) async fn leave(self, signals: &Signals) {
        let _ = signals.unless_stopped(self.close()).await;
    }

    /// Ends what was begun, and the sandbox if there is one.
    pub(crate) async fn close(self) {
        self.reader.log_out().await;
        if let Some(running) = self.sandbox {
            running.stop().await;
        }
    }
}

impl Session {
    pub(crate) async fn open(settings: &Settings, manner: Manner) -> Result<Self, Failure> {
        Self::to_read(settings, Way::find(settings, manner).await?).await
    }

    pub(crate) async fn to_read(settings: &Settings, way: Way) -> Result<Self, Failure> {
        let me = way.reader.log_in().await?;
        Ok(Self::of(settings, way, me, None))
    }

    /// A session to write in. It waits for its turn before it logs in, since logging in would end the session of whoever
    /// has it.
    pub(crate) async fn to_write(queue: Queue<'_>, way: Way) -> Result<Self, Failure> {
        let mut turn = None;
        if let Some(user) = way.reader.username() {
            turn = way.turn(queue, user).await?;
        }
        let me = queue.signals.unless_stopped(way.reader.log_in()).await??;
        // Whose token it is, the instance had to say.
        if way.reader.username().is_none() {
            turn = way.turn(queue, &me.user_name).await?;
        }
        Ok(Self::of(queue.settings, way, me, turn))
    }

    fn of(settings: &Settings, way: Way, me: Me, turn: Option<Turn>) -> Self {
        let folder = match way.sandbox {
            Some(_) => None,
            None => settings.environment.cache_folder(),
        };
        let cache = folder.map(|folder| {
            let mut whose = way.reader.manner().to_vec();
            whose.push(me.id.clone());
            MetadataCache::new(folder, whose)
        });
        Self {
            reader: way.reader,
            me,
            name: way.name,
            identity: way.identity,
            care: way.care,
            turn,
            vault: Arc::default(),
            cache,
            sandbox: way.sandbox,
        }
    }

    /// Whether what is written there is gone when the command ends.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.sandbox.is_some()
    }

    /// From now on stand-ins are opened in what is sent.
    pub(crate) fn keep(&mut self, vault: Arc<Vault>) {
        self.reader = self.reader.keeping(Arc::clone(&vault));
        self.vault = vault;
    }

    pub(crate) fn confirmed(&self, typed: Option<&str>) -> Result<(), Failure> {
        confirmed(self.care, &self.name, typed)
    }

    /// The host that has to be typed before anything is written there.
    pub(crate) fn wants_confirmed(&self) -> Option<&str> {
        (self.care == Care::Production).then(|| profile::host(&self.name))
    }

    /// Ends it in order, unless somebody wishes to stop: then nothing more is sent, and the session ends by its age.
    pub(crate) async fn leave(self, signals: &Signals) {
        // Whoever wished to stop is told by what the command gives.
        let _ = signals.unless_stopped(self.close()).await;
    }

    /// Ends the session, and the sandbox if there is one.
    pub(crate) async fn close(self) {
        let way = Way {
            reader: self.reader,
            name: self.name,
            identity: self.identity,
            care: self.care,
            sandbox: self.sandbox,
        };
        way.close().await;
        drop(self.turn);
    }
}

/// Writing to production wants its host typed, since `--yes` stands in scripts that are copied.
fn confirmed(care: Care, name: &str, typed: Option<&str>) -> Result<(), Failure> {
    let host = profile::host(name);
    if care == Care::Usual || typed == Some(host) {
        return Ok(());
    }
    let message = match typed {
        None => format!("`{host}` is production; nothing was sent"),
        Some(typed) => format!(
            "`--confirm {typed}` names another host than `{host}`, which is production; nothing was sent"
        ),
    };
    Err(Failure::Refused {
        message,
        help: Some(format!("to write there, add `--confirm {host}`")),
    })
}

/// Whether an instance is named at all, and where it is by a profile, one that there is.
pub(crate) fn is_named(settings: &Settings) -> Result<(), Failure> {
    let profiles = || Profiles::find(Path::new("."));
    match &settings.instance {
        Wanted::Sandbox | Wanted::Named { url: Some(_), .. } => Ok(()),
        Wanted::Named { url: None, .. } => Err(nowhere(&profiles()?)),
        Wanted::Profile { name, .. } => profiles()?.get(name).map(drop),
    }
}

fn nowhere(profiles: &Profiles) -> Failure {
    let help = if profiles.is_empty() {
        "give `--url` or SUGAR_URL, or try `--sandbox`".to_owned()
    } else {
        format!(
            "choose a `--profile` ({}), give `--url` or SUGAR_URL, or try `--sandbox`",
            profiles.listed()
        )
    };
    Failure::Arguments {
        message: "no instance is named".into(),
        help: Some(help),
    }
}
