//! `run`: plan, a question where somebody is there to answer, apply.

use std::path::Path;

use super::apply;
use super::apply::Terms;
use super::plan;
use crate::check::WriteAccess;
use crate::cli::args::Format;
use crate::cli::args::PlanArgs;
use crate::cli::args::RunArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::failure_report;
use crate::cli::instance;
use crate::cli::instance::Manner;
use crate::cli::instance::Session;
use crate::cli::instance::Way;
use crate::cli::load;
use crate::cli::printer;
use crate::cli::reports;
use crate::cli::reports::again;
use crate::cli::settings::OutputSettings;
use crate::cli::settings::Settings;
use crate::cli::signals::Signals;
use crate::cli::turn::Queue;
use crate::cli::written;
use crate::execute::PlanEnd;
use crate::runfile::RunView;

pub(crate) async fn run(
    settings: &Settings,
    args: RunArgs,
    signals: &Signals,
) -> Result<Exit, Failure> {
    if args.dry_run {
        let RunArgs {
            playbook,
            out,
            variables,
            choice,
            paths,
            output,
            detailed_exitcode,
            ..
        } = args;
        return plan::run(
            settings,
            &PlanArgs {
                playbook,
                out,
                variables,
                choice,
                paths,
                output,
                detailed_exitcode,
            },
            signals,
        )
        .await;
    }
    let output = OutputSettings::resolve(&args.output)?;
    if let Some(out) = &args.out {
        written::folder_is_there(out)?;
    }
    written::nothing_is_lost(&output, &[&args.playbook], args.out.as_deref())?;
    let loaded = plan::loaded(settings, &args.playbook, &args.paths.allow_path);
    let loaded = signals.unless_stopped(loaded).await??;
    // What cannot be planned at all needs nobody's word.
    if !args.yes {
        somebody_to_ask(
            settings,
            "pass `--yes`, or `plan` now and `apply` what was reviewed",
        )?;
    }
    let queue = Queue {
        settings,
        signals,
        timeout: args.lock.lock_timeout,
        file: &args.playbook,
    };
    let way = Way::find(settings, Manner::of(&loaded.checked.settings));
    let way = signals.unless_stopped(way).await??;
    let mut session = Session::to_write(queue, way).await?;
    let exit = within(queue, &args, &output, &loaded, &mut session).await;
    session.leave(signals).await;
    exit
}

async fn within(
    queue: Queue<'_>,
    args: &RunArgs,
    output: &OutputSettings,
    loaded: &load::Loaded,
    session: &mut Session,
) -> Result<Exit, Failure> {
    let Queue {
        settings, signals, ..
    } = queue;
    session.confirmed(args.confirmation.confirm.as_deref())?;
    let request = plan::Request {
        playbook: &args.playbook,
        out: args.out.as_deref(),
        variables: &args.variables,
        choice: &args.choice,
        write_access: WriteAccess::Required,
    };
    let planned = plan::make(settings, &request, loaded, session, signals).await?;
    if planned.end != PlanEnd::Planned {
        signals.when_leaving(None);
        let given = reports::give(settings, output, RunView::open_again(&planned.path)?);
        planned.say(settings);
        let own = plan::exit(&planned.end, signals);
        return Ok(reports::exit(settings, own, given));
    }
    let path = planned.path;
    if !args.yes && !agreed(settings, output, &path)? {
        let refused = Failure::Refused {
            message: "not applied".into(),
            help: Some(format!("the plan is kept: `{}`", again("apply", &path)?)),
        };
        return failure_report::give_hindered(settings, output, &path, &refused);
    }
    let lock = queue.lock(&path).await?;
    let terms = Terms::default();
    apply::prepare_to_leave(settings, output, &path, signals);
    let end = apply::send(settings, &path, loaded, session, &terms, lock, signals).await;
    let exit = apply::finish(settings, output, &path, end, signals)?;
    printer::say(settings, &format!("written to `{}`", path.display()));
    Ok(exit)
}

/// Refuses where nobody could answer a question; `help` says what to do instead.
pub(super) fn somebody_to_ask(settings: &Settings, help: &str) -> Result<(), Failure> {
    if settings.environment.stdin_is_terminal && settings.environment.stderr_is_terminal {
        return Ok(());
    }
    // Who mends that and tries again would only meet this next.
    instance::is_named(settings)?;
    Err(Failure::Refused {
        message: "nobody is there to say yes".into(),
        help: Some(help.into()),
    })
}

/// Shows a plan and asks whether it is to be applied.
pub(super) fn agreed(
    settings: &Settings,
    output: &OutputSettings,
    path: &Path,
) -> Result<bool, Failure> {
    let color = settings.color_on_stderr();
    let view = RunView::open_again(path)?;
    let plan = reports::rendered(settings, output, &view, Format::Text, color)?;
    printer::say(settings, &plan);
    Ok(printer::agreed(&format!(
        "Apply `{}`? Only `yes` is taken: ",
        path.display()
    )))
}
