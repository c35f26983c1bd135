//! `doctor`: what works with an instance, what does not and why, and what to do. Through a client that cannot write, except
//! for `--write-test`.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value as Json;
use serde_json::json;

use super::run;
use super::write_test;
use crate::cli::args::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::DoctorArgs;
use crate::cli::instance::Manner;
use crate::cli::instance::Way;
use crate::cli::printer;
use crate::cli::settings::Instance;
use crate::cli::settings::Settings;
use crate::cli::signals::Signals;
use crate::cli::turn::Queue;
use crate::client::ClientError;
use crate::client::Finding;
use crate::client::Me;
use crate::client::Probe;
use crate::client::Tried;

/// Which Sugar clients use unless they are told otherwise, browsers included.
const SHARED_PLATFORM: &str = "base";

/// One thing looked at.
struct Line {
    name: &'static str,
    state: State,
    message: String,
    advice: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Works,
    /// It can be done without.
    Lacks,
    Fails,
    /// It cannot be told.
    Open,
    NotTried,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Lacks => "lacks",
            Self::Fails => "fails",
            Self::Open => "open",
            Self::NotTried => "not_tried",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Works => "✓",
            Self::Lacks => "!",
            Self::Fails => "✗",
            Self::Open => "?",
            Self::NotTried => "·",
        }
    }

    /// A colour of the terminal.
    fn paint(self) -> &'static str {
        match self {
            Self::Works => "32",
            Self::Lacks | Self::Open => "33",
            Self::Fails => "31",
            Self::NotTried => "2",
        }
    }
}

pub(crate) async fn run(
    settings: &Settings,
    args: &DoctorArgs,
    signals: &Signals,
) -> Result<Exit, Failure> {
    if args.write_test.is_some() && !args.yes {
        run::somebody_to_ask(settings, "pass `--yes` to create a record and delete it")?;
    }
    let queue = Queue {
        settings,
        signals,
        timeout: args.lock.lock_timeout,
        file: Path::new("doctor --write-test"),
    };
    let way = Way::find(settings, Manner::default());
    let way = signals.unless_stopped(way).await??;
    let name = way.name.clone();
    let lines = examine(queue, args, &way).await;
    way.leave(signals).await;
    let lines = lines?;
    signals.when_leaving(None);
    let well = lines.iter().all(|line| line.state != State::Fails);
    printer::result(&match args.format {
        TextOrJson::Text => text(&lines, settings.color_on_stdout()),
        TextOrJson::Json => {
            let checks: Vec<Json> = lines.iter().map(Line::to_json).collect();
            let document =
                json!({ "version": 1, "instance": name, "well": well, "checks": checks });
            format!("{document:#}\n")
        }
    })?;
    Ok(if well {
        Exit::Success
    } else {
        Exit::Unreachable
    })
}

async fn examine(queue: Queue<'_>, args: &DoctorArgs, way: &Way) -> Result<Vec<Line>, Failure> {
    let settings = queue.settings;
    let mut turn = None;
    if args.write_test.is_some() {
        way.confirmed(args.confirmation.confirm.as_deref())?;
        if let Some(user) = way.reader.username() {
            turn = way.turn(queue, user).await?;
        }
    }
    let mut lines = Vec::new();
    let me = match queue.signals.unless_stopped(way.reader.log_in()).await? {
        Ok(me) => {
            lines.push(Line::works("address", way.name.clone()));
            lines.push(Line::works("login", who(&me)));
            Some(me)
        }
        Err(error) => {
            lines.extend(no_entrance(way, &error));
            None
        }
    };
    for probe in Probe::ALL {
        lines.push(match &me {
            Some(me) => {
                let finding = probe.ask(&way.reader, me);
                let finding = queue.signals.unless_stopped(finding).await?;
                Line::of(probe.name(), probe.advice(), finding)
            }
            None => Line::not_tried(probe.name()),
        });
    }
    if let Some(module) = &args.write_test {
        lines.extend(written(queue, args, way, me.as_ref(), module, turn.is_some()).await?);
    }
    drop(turn);
    if let Some(me) = &me {
        lines.extend(shared_platform(settings, way, me));
    }
    Ok(lines)
}

/// What came of writing, or why it was left alone.
async fn written(
    queue: Queue<'_>,
    args: &DoctorArgs,
    way: &Way,
    me: Option<&Me>,
    module: &str,
    has_turn: bool,
) -> Result<Vec<Line>, Failure> {
    let Some(me) = me else {
        let all = Tried::ALL.into_iter();
        return Ok(all.map(|tried| Line::not_tried(tried.name())).collect());
    };
    // Whose token it is, only the instance could say.
    let _turn = match has_turn {
        true => None,
        false => way.turn(queue, &me.user_name).await?,
    };
    let question = format!(
        "Create a record of {module} on `{}` and delete it? Only `yes` is taken: ",
        way.name
    );
    if !args.yes && !printer::agreed(&question) {
        return Err(Failure::Refused {
            message: "nothing was written".into(),
            help: None,
        });
    }
    let findings = write_test::run(queue, way, me, module).await?;
    let lines = findings
        .into_iter()
        .map(|(tried, finding)| Line::of(tried.name(), tried.advice(), finding));
    Ok(lines.collect())
}

fn who(me: &Me) -> String {
    match &me.full_name {
        Some(name) => format!("{} ({name})", me.user_name),
        None => me.user_name.clone(),
    }
}

/// What a first contact that failed says of the address and of the login. Where an answer came, the message says what to do,
/// too.
fn no_entrance(way: &Way, error: &ClientError) -> [Line; 2] {
    let failed = |name| Line {
        name,
        state: State::Fails,
        message: error.to_string(),
        advice: matches!(error, ClientError::Unreachable { .. }).then(|| {
            "see that the address is right and the instance is up; HTTPS_PROXY names a proxy".into()
        }),
    };
    match error {
        ClientError::LoginRefused { .. }
        | ClientError::TokenRefused { .. }
        | ClientError::SessionFight { .. }
        | ClientError::SessionsLost { .. } => {
            [Line::works("address", way.name.clone()), failed("login")]
        }
        ClientError::Site(_)
        | ClientError::ApiVersion { .. }
        | ClientError::CaFile { .. }
        | ClientError::Proxy { .. }
        | ClientError::Tls { .. }
        | ClientError::Unreachable { .. }
        | ClientError::NotSugar { .. }
        | ClientError::Redirected { .. }
        | ClientError::WrongVersion { .. } => [failed("address"), Line::not_tried("login")],
    }
}

/// Nobody else logs in to a sandbox of this command, and a token that was given has its platform already.
fn shared_platform(settings: &Settings, way: &Way, me: &Me) -> Option<Line> {
    let is_token = settings.environment.get("SUGAR_ACCESS_TOKEN").is_ok();
    if matches!(settings.instance, Instance::Sandbox) || is_token {
        return None;
    }
    let platform = way.reader.platform();
    if platform != SHARED_PLATFORM {
        return Some(Line::works("platform", format!("`{platform}`")));
    }
    Some(Line {
        name: "platform",
        state: State::Lacks,
        message: format!(
            "another login of `{}` on `{platform}`, a browser's included, ends this session, and this one ended theirs",
            me.user_name
        ),
        advice: Some("have a platform registered for sugarmill and set SUGAR_PLATFORM".into()),
    })
}

impl Line {
    fn works(name: &'static str, message: String) -> Self {
        Self {
            name,
            state: State::Works,
            message,
            advice: None,
        }
    }

    fn not_tried(name: &'static str) -> Self {
        Self {
            name,
            state: State::NotTried,
            message: "not tried".into(),
            advice: None,
        }
    }

    fn of(name: &'static str, advice: &str, finding: Finding) -> Self {
        let (state, message) = match finding {
            Finding::Works(message) => (State::Works, message),
            Finding::Lacks(message) => (State::Lacks, message),
            Finding::Fails(message) => (State::Fails, message),
            Finding::Open(message) => (State::Open, message),
        };
        let advice = matches!(state, State::Lacks | State::Fails).then(|| advice.into());
        Self {
            name,
            state,
            message,
            advice,
        }
    }

    fn to_json(&self) -> Json {
        json!({
            "check": self.name, "state": self.state.name(), "message": self.message, "advice": self.advice,
        })
    }
}

fn text(lines: &[Line], color: bool) -> String {
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let sign = if color {
            format!(
                "\u{1b}[{}m{}\u{1b}[0m",
                line.state.paint(),
                line.state.sign()
            )
        } else {
            line.state.sign().to_owned()
        };
        writeln!(text, "{sign} {:width$}  {}", line.name, line.message)
            .expect("a string takes any text");
        if let Some(advice) = &line.advice {
            writeln!(text, "  {:width$}  help: {advice}", "").expect("a string takes any text");
        }
    }
    text
}
