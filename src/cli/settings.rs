//! Flags and environment into settings: the one place that reads environment and terminal.

use std::collections::BTreeMap;
use std::env::VarError;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::ColorChoice;
use super::args::Format;
use super::args::Global;
use super::args::LogFormat;
use super::args::Operations;
use super::args::Output;
use super::failure::Failure;
use crate::client::PlainHttp;
use crate::report;
use crate::report::Privacy;

/// Width of text where nobody says how wide the terminal is.
const WIDTH: usize = 80;

/// What the process was started in.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    values: BTreeMap<String, String>,
    pub(crate) stdout_is_terminal: bool,
    pub(crate) stderr_is_terminal: bool,
    pub(crate) stdin_is_terminal: bool,
}

impl Environment {
    /// Variables that are not text are as good as absent.
    pub(crate) fn read() -> Self {
        let values = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            values,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Result<&str, VarError> {
        self.values
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
            .ok_or(VarError::NotPresent)
    }

    /// `SUGARMILL_VAR_*`, by the names of variables: lower case.
    pub(crate) fn playbook_vars(&self) -> impl Iterator<Item = (String, &str)> {
        self.values.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("SUGARMILL_VAR_")?;
            Some((name.to_lowercase(), value.as_str()))
        })
    }

    /// The user's cache folder, as the XDG base directories and their like on other systems have it.
    pub(crate) fn cache_folder(&self) -> Option<PathBuf> {
        let folder = self
            .folder("XDG_CACHE_HOME")
            .or_else(|| Some(self.folder("HOME")?.join(".cache")))
            .or_else(|| self.folder("LOCALAPPDATA"))?;
        Some(folder.join("sugarmill"))
    }

    /// A folder that a variable names. The XDG specification wants a relative one ignored.
    pub(crate) fn folder(&self, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.get(name).ok()?);
        path.is_absolute().then_some(path)
    }

    pub(crate) fn width(&self) -> usize {
        let told = self
            .get("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok());
        let seen = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        told.or_else(|| self.stdout_is_terminal.then(seen).flatten())
            .unwrap_or(WIDTH)
            .clamp(40, 160)
    }
}

/// What holds for every command.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) instance: Instance,
    /// Whether the command line itself says which, and not only the environment.
    pub(crate) names_instance: bool,
    pub(crate) talk: Talk,
    pub(crate) log_format: LogFormat,
    color: ColorChoice,
}

/// Which instance is meant.
#[derive(Debug, Clone)]
pub(crate) enum Instance {
    Sandbox,
    Named {
        url: Option<String>,
        plain_http: PlainHttp,
    },
    /// One of `sugarmill.toml`.
    Profile {
        name: String,
        plain_http: PlainHttp,
    },
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Talk {
    Quiet,
    Normal,
    Verbose,
    Everything,
}

/// Where reports go and how they look.
#[derive(Debug, Clone)]
pub(crate) struct OutputSettings {
    pub(crate) format: Format,
    pub(crate) files: Vec<(Format, PathBuf)>,
    pub(crate) privacy: Privacy,
    pub(crate) operations: Operations,
}

impl Settings {
    pub(crate) fn resolve(global: &Global, environment: Environment) -> Self {
        let plain_http = if global.allow_http {
            PlainHttp::Anywhere
        } else {
            PlainHttp::LoopbackOnly
        };
        let from_environment = |name: &str| environment.get(name).ok().map(str::to_owned);
        let profile = global
            .profile
            .clone()
            .or_else(|| from_environment("SUGARMILL_PROFILE"));
        // What stands on the command line goes before what the environment says.
        let instance = match (&global.url, profile) {
            _ if global.sandbox => Instance::Sandbox,
            (None, Some(name)) => Instance::Profile { name, plain_http },
            (url, _) => Instance::Named {
                url: url.clone().or_else(|| from_environment("SUGAR_URL")),
                plain_http,
            },
        };
        let talk = match (global.quiet, global.verbose) {
            (true, _) => Talk::Quiet,
            (false, 0) => Talk::Normal,
            (false, 1) => Talk::Verbose,
            (false, _) => Talk::Everything,
        };
        Self {
            environment,
            instance,
            names_instance: global.sandbox || global.url.is_some() || global.profile.is_some(),
            talk,
            log_format: global.log_format,
            color: global.color,
        }
    }

    /// What the command line says of where the instance is. A command that goes on needs it again; what the environment
    /// says, it finds there.
    pub(crate) fn instance_flags(&self) -> Vec<String> {
        let mut flags: Vec<&str> = Vec::new();
        let plain_http = match &self.instance {
            Instance::Sandbox => {
                flags.push("--sandbox");
                PlainHttp::LoopbackOnly
            }
            Instance::Profile { name, plain_http } => {
                if self.names_instance {
                    flags.extend(["--profile", name]);
                }
                *plain_http
            }
            Instance::Named { url, plain_http } => {
                if let Some(url) = url.as_deref().filter(|_| self.names_instance) {
                    flags.extend(["--url", url]);
                }
                *plain_http
            }
        };
        if plain_http == PlainHttp::Anywhere {
            flags.push("--allow-http");
        }
        flags.into_iter().map(str::to_owned).collect()
    }

    pub(crate) fn color_on_stdout(&self) -> bool {
        self.color(self.environment.stdout_is_terminal)
    }

    pub(crate) fn color_on_stderr(&self) -> bool {
        self.color(self.environment.stderr_is_terminal)
    }

    fn color(&self, terminal: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && self.environment.get("NO_COLOR").is_err(),
        }
    }
}

impl OutputSettings {
    pub(crate) fn resolve(output: &Output) -> Result<Self, Failure> {
        let files = output
            .reports
            .iter()
            .map(|text| report_file(text))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            files,
            ..Self::without_files(output)
        })
    }

    /// What is left where the files that are asked for make no sense.
    pub(crate) fn without_files(output: &Output) -> Self {
        Self {
            format: output.format,
            files: Vec::new(),
            privacy: privacy(output),
            operations: output.operations,
        }
    }

    pub(crate) fn json(&self) -> report::Options {
        let operations = match self.operations {
            Operations::Some => report::Operations::Readable,
            Operations::All => report::Operations::All,
        };
        report::Options {
            privacy: self.privacy,
            operations,
        }
    }
}

fn privacy(output: &Output) -> Privacy {
    if output.show_pii {
        Privacy::Show
    } else {
        Privacy::Hide
    }
}

fn report_file(text: &str) -> Result<(Format, PathBuf), Failure> {
    let names: Vec<String> = Format::value_variants()
        .iter()
        .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
        .collect();
    let wrong = |message: String| Failure::Arguments {
        message,
        help: Some(format!(
            "write `--report FORMAT=FILE`, such as `--report markdown=plan.md`; formats are {}",
            names.join(", ")
        )),
    };
    let Some((format, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
        return Err(wrong(format!("`--report {text}` names no format and file")));
    };
    let Ok(format) = Format::from_str(format, false) else {
        return Err(wrong(format!("`{format}` is not a format of reports")));
    };
    if file == "-" {
        return Err(Failure::Arguments {
            message: format!("`--report {text}` names no file"),
            help: Some(format!(
                "`--format {}` writes to standard output",
                text.split('=').next().unwrap_or_default()
            )),
        });
    }
    let path = PathBuf::from(file);
    // Said before anything is sent: afterwards it would be too late to ask for another place.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let reason = match folder {
        Some(folder) if !folder.is_dir() => "there is no such folder",
        _ if path.is_dir() => "it is a folder",
        _ => return Ok((format, path)),
    };
    Err(Failure::arguments(format!(
        "no report can be written to `{file}`: {reason}"
    )))
}
