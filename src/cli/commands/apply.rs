//! `apply`: exactly what a run file says, from where an earlier apply ended.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::cli::args::ApplyArgs;
use crate::cli::args::Format;
use crate::cli::engine;
use crate::cli::engine::Task;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::failure_report;
use crate::cli::instance::Manner;
use crate::cli::instance::Session;
use crate::cli::instance::Way;
use crate::cli::ledger;
use crate::cli::limits;
use crate::cli::load;
use crate::cli::load::Loaded;
use crate::cli::printer;
use crate::cli::progress::Shown;
use crate::cli::reports;
use crate::cli::reports::again;
use crate::cli::secrets;
use crate::cli::settings::OutputSettings;
use crate::cli::settings::Settings;
use crate::cli::signals::Signals;
use crate::cli::turn::Queue;
use crate::cli::written;
use crate::client::Writer;
use crate::diag::Severity;
use crate::execute;
use crate::execute::ApplyEnd;
use crate::execute::ApplyOptions;
use crate::execute::ExecuteError;
use crate::playbook::Limits;
use crate::report;
use crate::runfile::AppliedBy;
use crate::runfile::Ending;
use crate::runfile::GivenLimits;
use crate::runfile::Header;
use crate::runfile::Instance;
use crate::runfile::Lock;
use crate::runfile::RunFile;
use crate::runfile::RunView;
use crate::runfile::Stage;
use crate::runfile::User;

/// A prefix of some length is enough to tell plans apart.
const SHORTEST_DIGEST: usize = 8;

/// What of an earlier run is to be tried again, and within which limits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    pub(crate) failed: bool,
    pub(crate) unknown: bool,
    /// In place of the playbook's.
    pub(crate) limits: Limits,
}

pub(crate) async fn run(
    settings: &Settings,
    args: &ApplyArgs,
    signals: &Signals,
) -> Result<Exit, Failure> {
    let output = OutputSettings::resolve(&args.output)?;
    written::nothing_is_lost(&output, &[&args.file], None)?;
    let terms = Terms {
        failed: args.retry_failed,
        unknown: args.retry_unknown,
        limits: limits::given(&args.limits)?,
    };
    if let Some(deadline) = args.deadline {
        signals.stop_after(deadline);
    }
    let queue = Queue {
        settings,
        signals,
        timeout: args.lock.lock_timeout,
        file: &args.file,
    };
    let lock = queue.lock(&args.file).await?;
    let view = RunView::open(&args.file)?;
    refuse(&view, args)?;
    let loaded = load::recorded(&view, &args.allow_path)?.under(&terms.limits);
    let Header {
        seals, instance, ..
    } = view.header()?;
    drop(view);
    let way = Way::find(settings, Manner::of(&loaded.checked.settings));
    let way = signals.unless_stopped(way).await??;
    refuse_elsewhere(&instance, &way)?;
    let vault = secrets::unseal(settings, &loaded, &seals, &args.again.vars_file)?;
    let mut session = Session::to_write(queue, way).await?;
    session.keep(vault);
    if let Err(refused) = session.confirmed(args.confirmation.confirm.as_deref()) {
        session.leave(signals).await;
        return Err(refused);
    }
    prepare_to_leave(settings, &output, &args.file, signals);
    let end = send(
        settings, &args.file, &loaded, &session, &terms, lock, signals,
    )
    .await;
    session.leave(signals).await;
    finish(settings, &output, &args.file, end, signals)
}

/// What speaks against this plan before anybody is asked.
fn refuse(view: &RunView, args: &ApplyArgs) -> Result<(), Failure> {
    if view.stage()? == Stage::Refused {
        let reason = match view.ending()? {
            Some(Ending::Refused(reason) | Ending::Stopped(reason)) => reason,
            Some(Ending::Interrupted) => "it was interrupted before it was whole".into(),
            _ => "it has mistakes".into(),
        };
        return Err(Failure::Refused {
            message: format!("this plan cannot be applied: {reason}"),
            help: Some(format!(
                "`sugarmill show {}` lists what is wrong",
                args.file.display()
            )),
        });
    }
    // It passes a limit and nothing else is wrong. Under other limits it is asked again whether it does.
    if let (Stage::Plan, Some(Ending::Refused(reason))) = (view.stage()?, view.ending()?)
        && args.limits.is_empty()
    {
        let help = view.advice()?;
        return Err(Failure::OverLimit { reason, help }.about(&args.file));
    }
    refuse_undone(view)?;
    if let Some(expected) = &args.expect_digest {
        let digest = view.digest()?.unwrap_or_default();
        if expected.len() < SHORTEST_DIGEST {
            return Err(Failure::Refused {
                message: format!(
                    "`--expect-digest {expected}` is too short to tell this plan from others: its digest is {digest}"
                ),
                help: Some(format!(
                    "give its first {SHORTEST_DIGEST} characters or more"
                )),
            });
        }
        if !digest.starts_with(expected.as_str()) {
            return Err(Failure::Refused {
                message: format!(
                    "this is not the plan that was expected: its digest is {digest}, and not {expected}"
                ),
                help: Some(format!(
                    "look at it with `sugarmill show {}` before applying it",
                    args.file.display()
                )),
            });
        }
    }
    if let Some(most) = args.max_age {
        refuse_older(&view.header()?.started, most, Timestamp::now())?;
    }
    Ok(())
}

/// Its address says which instance it is: no other one is asked, or told a password.
fn refuse_elsewhere(made_for: &Instance, way: &Way) -> Result<(), Failure> {
    if made_for.url == way.name {
        return Ok(());
    }
    Err(Failure::Refused {
        message: format!(
            "this plan was made for `{}`, not for `{}`",
            made_for.url, way.name
        ),
        help: Some("plan again for this instance".into()),
    })
}

/// A plan says what was so when it was made. Where that cannot be read, nobody can say that it is recent.
fn refuse_older(started: &str, most: Duration, now: Timestamp) -> Result<(), Failure> {
    let help = Some("plan again, look at it, and apply that".into());
    let Ok(made) = started.parse::<Timestamp>() else {
        return Err(Failure::Refused {
            message: format!("it cannot be told how old this plan is: it was made `{started}`"),
            help,
        });
    };
    // One from the future is as young as can be: clocks differ.
    let age = Duration::try_from(now.duration_since(made)).unwrap_or_default();
    if age <= most {
        return Ok(());
    }
    Err(Failure::Refused {
        message: format!(
            "this plan was made {started}, {} ago, and `--max-age {}` takes no older one",
            length(age),
            length(most)
        ),
        help,
    })
}

/// A length of time as `--max-age` takes it.
fn length(time: Duration) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let span = SignedDuration::from_secs(seconds);
    format!("{span:#}")
}

/// Going on with what was taken back would leave half of it done.
fn refuse_undone(view: &RunView) -> Result<(), Failure> {
    let Some(by) = view.undone_by()? else {
        return Ok(());
    };
    let begun = || RunView::open(Path::new(&by.file)).and_then(|view| view.stage());
    if by.stage != Stage::Run && !begun().is_ok_and(|stage| stage == Stage::Run) {
        return Ok(());
    }
    Err(Failure::Refused {
        message: format!("this run was taken back by `{}`", by.file),
        help: Some("plan the playbook again".into()),
    })
}

/// More operations than this are not reported within the time that a second signal leaves.
const QUICKLY_REPORTED: u64 = 5_000;

/// What a second signal leaves time for: the reports of what the run file knows, and how to go on.
fn said_when_leaving(settings: &Settings, output: &OutputSettings, path: &Path, exit: Exit) {
    let report = || {
        let view = RunView::open_again(path)?;
        if view.operation_count()? > QUICKLY_REPORTED {
            return Ok(());
        }
        let interrupted = Failure::Interrupted { exit, help: None };
        let view = view.hindered(interrupted.hindrance());
        reports::show(settings, output, view).map(drop)
    };
    if let Err(failure) = report() {
        printer::failure(settings, &failure);
    }
    match again("apply", path) {
        Ok(command) => printer::say(settings, &format!("left at once; to go on: `{command}`")),
        Err(failure) => printer::failure(settings, &failure),
    }
}

/// Prepares for a second signal, until the command reports by itself.
pub(crate) fn prepare_to_leave(
    settings: &Settings,
    output: &OutputSettings,
    path: &Path,
    signals: &Signals,
) {
    let (settings, output, path) = (settings.clone(), output.clone(), path.to_owned());
    signals.when_leaving(Some(Box::new(move |exit| {
        said_when_leaving(&settings, &output, &path, exit);
    })));
}

/// Sends what a run file holds and is not done.
pub(crate) async fn send(
    settings: &Settings,
    path: &Path,
    loaded: &Loaded,
    session: &Session,
    terms: &Terms,
    lock: Lock,
    signals: &Signals,
) -> Result<ApplyEnd, Failure> {
    let mut file = RunFile::open_again(path)?;
    let header: Header = file.header()?;
    // What waits for an operation that is tried again has to find it open.
    if terms.unknown {
        file.retry_unknown()?;
    }
    if terms.failed {
        let count = file.retry_failed()?;
        tracing::info!("{count} operations are tried again");
    }
    let health = engine::health(&loaded.checked.settings, Task::Apply);
    let mut shown = Shown::new(settings);
    let mut engine = engine::build(
        loaded,
        &header,
        session,
        file,
        &health,
        &mut shown,
        signals.wish(),
    )?;
    // What takes a run back makes nothing that a key would find.
    if engine.recovering.is_none() {
        engine.ledger = ledger::of(settings, session, &header, loaded)?;
    }
    if let Some(ledger) = &mut engine.ledger {
        ledger.writable()?;
    }
    let hindered = engine.hindered_exports()?;
    if !hindered.is_empty() {
        return Err(Failure::Arguments {
            message: format!(
                "nothing was sent, for an export could not be written: {}",
                hindered.join("; ")
            ),
            help: Some(format!(
                "when that is mended, go on with `{}`",
                report::again("apply", &path.display().to_string(), &header.instance)
            )),
        });
    }
    let permit = lock.permit(&engine.file, &engine.guard)?;
    let earlier = engine.file.get::<AppliedBy>()?.unwrap_or_default();
    engine.file.put(&earlier.and(User {
        name: session.me.user_name.clone(),
        id: session.me.id.clone(),
    }))?;
    // Limits by which nothing goes are those of this one command.
    if !terms.limits.is_empty() {
        let earlier = engine.file.get::<GivenLimits>()?.map(|given| given.0);
        let given = terms.limits.over(&earlier.unwrap_or_default());
        engine.file.put(&GivenLimits(given))?;
    }
    let writer = Writer::new(session.reader.clone(), permit);
    let options = ApplyOptions {
        pace: engine::pace(&loaded.checked.settings),
    };
    let end = execute::apply(&mut engine, writer, health, options).await;
    let counted = engine.count_requests();
    let file = engine.into_file();
    shown.clear();
    let written = counted.and(file.finish());
    // What was sent stays sent, whatever becomes of its file.
    let end = end.map_err(|error| match error {
        ExecuteError::RunFile(error) => Failure::RunFileLost(error),
        other => other.into(),
    })?;
    written.map_err(Failure::RunFileLost)?;
    Ok(end)
}

/// The report, whatever happened, and the code.
pub(crate) fn finish(
    settings: &Settings,
    output: &OutputSettings,
    path: &Path,
    end: Result<ApplyEnd, Failure>,
    signals: &Signals,
) -> Result<Exit, Failure> {
    signals.when_leaving(None);
    let end = match end {
        Ok(end) => Ok(end),
        // The report says what was done before the instance was lost, or the ledger, or the run file.
        Err(
            failure @ (Failure::Execute(_)
            | Failure::Client(_)
            | Failure::LedgerLost(_)
            | Failure::RunFileLost(_)),
        ) => Err(failure),
        // Nothing was done.
        Err(other) => {
            return failure_report::give_hindered(settings, output, path, &other.about(path));
        }
    };
    let mut view = RunView::open_again(path)?;
    // A file that took nothing more could not take the reason either.
    if let Err(failure @ Failure::RunFileLost(_)) = &end {
        view = view.hindered(failure.hindrance());
    }
    let went_wrong = went_wrong(&view)?;
    let given = reports::give(settings, output, view);
    let own = match end {
        Err(failure) => {
            printer::failure(settings, &failure);
            failure.exit()
        }
        Ok(ApplyEnd::Interrupted) => {
            // A report for programs does not say it to people.
            if output.format == Format::Json {
                let command = again("apply", path)?;
                printer::say(settings, &format!("interrupted; to go on: `{command}`"));
            }
            signals.exit()
        }
        Ok(ApplyEnd::Refused(error)) => {
            let failure = Failure::from(ExecuteError::Guard(error)).about(path);
            printer::failure(settings, &failure);
            Exit::Refused
        }
        Ok(ApplyEnd::Stopped(_)) => Exit::Failed,
        Ok(ApplyEnd::Finished) if went_wrong => Exit::Failed,
        Ok(ApplyEnd::Finished) => Exit::Success,
    };
    Ok(reports::exit(settings, own, given))
}

/// Tolerated failures are failures all the same.
fn went_wrong(view: &RunView) -> Result<bool, Failure> {
    use crate::operation::State;
    let operations = view.steps()?.iter().any(|step| {
        step.counts
            .keys()
            .any(|state| matches!(state, State::Failed | State::Unknown | State::Sent))
    });
    let expectations = view
        .problems()?
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    Ok(operations || expectations)
}
