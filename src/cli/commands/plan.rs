//! `plan`: a playbook into a run file, through a client that cannot write.

use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::check::WriteAccess;
use crate::check::against_with;
use crate::check::resolve_included;
use crate::check::resolve_vars;
use crate::check::select;
use crate::cli::args::Choice;
use crate::cli::args::PlanArgs;
use crate::cli::args::Variables;
use crate::cli::definitions;
use crate::cli::engine;
use crate::cli::engine::Task;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::instance::Manner;
use crate::cli::instance::Session;
use crate::cli::ledger;
use crate::cli::load;
use crate::cli::load::Loaded;
use crate::cli::printer;
use crate::cli::progress::Shown;
use crate::cli::reports;
use crate::cli::secrets;
use crate::cli::settings::OutputSettings;
use crate::cli::settings::Settings;
use crate::cli::signals::Signals;
use crate::cli::written;
use crate::execute;
use crate::execute::Exports;
use crate::execute::PlanEnd;
use crate::execute::Refusal;
use crate::kill;
use crate::runfile::Header;
use crate::runfile::Instance;
use crate::runfile::PlaybookText;
use crate::runfile::RunFile;
use crate::runfile::RunFileError;
use crate::runfile::RunView;
use crate::runfile::Salt;
use crate::runfile::Stage;

/// A plan that was written.
pub(crate) struct Planned {
    pub(crate) path: PathBuf,
    pub(crate) end: PlanEnd,
}

impl Planned {
    /// Where it is, and what it is good for.
    pub(super) fn say(&self, settings: &Settings) {
        let path = self.path.display();
        let said = match self.end {
            PlanEnd::Planned | PlanEnd::Refused(_) => format!("written to `{path}`"),
            PlanEnd::Interrupted => {
                format!("interrupted, and nothing was sent; `{path}` says how far the plan came")
            }
        };
        printer::say(settings, &said);
    }
}

/// What a plan is made of.
pub(crate) struct Request<'a> {
    pub(crate) playbook: &'a Path,
    pub(crate) out: Option<&'a Path>,
    pub(crate) variables: &'a Variables,
    pub(crate) choice: &'a Choice,
    /// Whether it is going to be applied at once: then a missing right to write is an error.
    pub(crate) write_access: WriteAccess,
}

pub(crate) async fn run(
    settings: &Settings,
    args: &PlanArgs,
    signals: &Signals,
) -> Result<Exit, Failure> {
    let output = OutputSettings::resolve(&args.output)?;
    if let Some(out) = &args.out {
        written::folder_is_there(out)?;
    }
    written::nothing_is_lost(&output, &[&args.playbook], args.out.as_deref())?;
    let request = Request {
        playbook: &args.playbook,
        out: args.out.as_deref(),
        variables: &args.variables,
        choice: &args.choice,
        write_access: WriteAccess::Advised,
    };
    let loaded = loaded(settings, request.playbook, &args.paths.allow_path);
    let loaded = signals.unless_stopped(loaded).await??;
    let session = Session::open(settings, Manner::of(&loaded.checked.settings));
    let mut session = signals.unless_stopped(session).await??;
    let planned = make(settings, &request, &loaded, &mut session, signals).await;
    session.leave(signals).await;
    let planned = planned?;
    let view = RunView::open_again(&planned.path)?;
    let exit = match exit(&planned.end, signals) {
        Exit::Success if args.detailed_exitcode && has_changes(&view)? => Exit::Changes,
        exit => exit,
    };
    signals.when_leaving(None);
    let given = reports::give(settings, &output, view);
    planned.say(settings);
    Ok(reports::exit(settings, exit, given))
}

/// A playbook, or all of its mistakes: those against an instance that the command line names too, as `check` shows them.
pub(super) async fn loaded(
    settings: &Settings,
    path: &Path,
    allowed: &[PathBuf],
) -> Result<Loaded, Failure> {
    let failure = match load::playbook(path, allowed) {
        Err(failure @ Failure::Problems { .. }) if settings.names_instance => failure,
        done => return done,
    };
    // An instance that cannot be asked keeps nobody from what is known without it.
    let Ok(session) = Session::open(settings, Manner::default()).await else {
        return Err(failure);
    };
    let fetched = definitions::everything(&session).await;
    session.close().await;
    match fetched {
        Ok(metadata) => load::playbook_against(path, allowed, Some(&metadata)),
        Err(_) => Err(failure),
    }
}

/// Whether anything is planned, or may come to be.
pub(crate) fn has_changes(view: &RunView) -> Result<bool, Failure> {
    use crate::operation::State;
    Ok(view.steps()?.iter().filter(|step| step.writes).any(|step| {
        !step.expanded
            || step
                .counts
                .keys()
                .any(|state| matches!(state, State::Planned | State::Deferred | State::Sent))
    }))
}

pub(crate) fn exit(end: &PlanEnd, signals: &Signals) -> Exit {
    match end {
        PlanEnd::Planned => Exit::Success,
        PlanEnd::Interrupted => signals.exit(),
        PlanEnd::Refused(Refusal::Mistakes(_)) => Exit::Invalid,
        PlanEnd::Refused(Refusal::Expectation(_)) => Exit::Failed,
        PlanEnd::Refused(Refusal::Guard(_) | Refusal::Unbounded(_)) => Exit::Refused,
    }
}

/// Makes a plan. The file appears under its name only when it is whole.
pub(crate) async fn make(
    settings: &Settings,
    request: &Request<'_>,
    loaded: &Loaded,
    session: &mut Session,
    signals: &Signals,
) -> Result<Planned, Failure> {
    printer::problems(settings, &loaded.warnings, &loaded.sources);
    let zone = loaded.zone.clone().unwrap_or(TimeZone::UTC);
    let now = Timestamp::now()
        .round(jiff::Unit::Second)
        .unwrap_or_else(|_| Timestamp::now())
        .to_zoned_datetime(zone);
    let refused = |problems| Failure::Problems {
        file: request.playbook.display().to_string(),
        problems,
        sources: loaded.sources.clone(),
    };
    let identity = session
        .identity
        .clone()
        .or_else(|| loaded.checked.identity.clone())
        .unwrap_or_else(|| session.name.clone());
    let declared = &loaded.checked.vars;
    let mut given = load::given_vars(request.variables, &settings.environment, declared)?;
    let (seals, vault) = secrets::seal(settings, loaded, &mut given, &identity)?;
    session.keep(vault);
    let session = &*session;
    let vars = resolve_vars(
        declared,
        &given,
        &now,
        loaded.zone.as_ref(),
        &loaded.sources,
    )
    .map_err(refused)?;
    let included_vars = resolve_included(
        &loaded.checked,
        &vars,
        &now,
        loaded.zone.as_ref(),
        &loaded.sources,
    )
    .map_err(refused)?;
    let left_out = select(&loaded.checked, &request.choice.selection()).map_err(refused)?;
    let playbooks = [&loaded.checked];
    let metadata = definitions::needed(session, &[], &playbooks);
    let metadata = signals.unless_stopped(metadata).await??;
    let problems = against_with(&loaded.checked, &metadata, request.write_access);
    if problems.has_errors() {
        return Err(refused(problems));
    }
    printer::problems(settings, &problems, &loaded.sources);

    let run_id = run_id(settings);
    let path = match request.out {
        Some(path) => path.to_owned(),
        None => PathBuf::from(format!("{}-{run_id}.run", file_name(&loaded.checked.name))),
    };
    refuse_to_overwrite(&path)?;
    let header = Header {
        run_id,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started: execute::timestamp(),
        playbook: PlaybookText {
            name: loaded.checked.name.clone(),
            path: request.playbook.display().to_string(),
            text: loaded.text.clone(),
            includes: loaded.checked.texts.clone(),
        },
        vars,
        included_vars,
        seals,
        instance: Instance {
            url: session.name.clone(),
            user: session.me.user_name.clone(),
            user_id: session.me.id.clone(),
            metadata_hash: metadata.hash.clone(),
            flags: settings.instance_flags(),
            confirm: session.wants_confirmed().map(str::to_owned),
        },
        identity,
        now: now.to_string(),
        generation: request.choice.generation,
        metadata,
    };
    let partial = Partial::new(&path);
    let file = RunFile::create(&partial.0, &header)?;
    file.put(&salt(settings))?;
    // Who reviews the plan sees them in its reports alone.
    for warning in loaded.warnings.iter().chain(problems.iter()) {
        file.add_problem(warning, &loaded.sources)?;
    }
    let health = engine::health(&loaded.checked.settings, Task::Plan);
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
    engine.write_access = request.write_access;
    engine.ledger = ledger::of(settings, session, &header, loaded)?;
    engine.exports = if request.choice.write_exports {
        Exports::Now(loaded.exports.clone())
    } else {
        Exports::Later
    };
    let end = execute::plan(&mut engine, &left_out).await?;
    engine.count_requests()?;
    let file = engine.into_file();
    shown.clear();
    file.finish()?;
    partial.keep(&path)?;
    Ok(Planned { path, end })
}

/// When, and something that tells two runs of one second apart.
pub(super) fn run_id(settings: &Settings) -> String {
    if let Ok(seed) = settings.environment.get("SUGARMILL_SEED") {
        return format!("seed-{}", file_name(seed));
    }
    let unique = Uuid::now_v7().simple().to_string();
    let tail = unique.get(unique.len() - 6..).unwrap_or(&unique);
    format!("{}-{tail}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"))
}

/// Random, except where a test wants the same run file again.
pub(super) fn salt(settings: &Settings) -> Salt {
    let seed = settings.environment.get("SUGARMILL_SEED").ok();
    Salt(seed.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
}

fn file_name(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// A plan may be replaced by another; a run that was sent may not, and neither may a file that is something else.
pub(super) fn refuse_to_overwrite(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    match RunView::open(path).and_then(|view| view.stage()) {
        Ok(Stage::Plan | Stage::Refused) => Ok(()),
        Ok(Stage::Run) => Err(RunFileError::InUse(path.to_owned()).into()),
        Err(_) => Err(Failure::Refused {
            message: format!(
                "`{}` is there already and no plan of sugarmill",
                path.display()
            ),
            help: Some("name another file with `-o`".into()),
        }),
    }
}

/// A run file in the making. Unless it is kept, nothing of it is left.
pub(super) struct Partial(PathBuf);

impl Partial {
    pub(super) fn new(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = Self(PathBuf::from(name));
        // What a killed plan left is no plan.
        partial.remove();
        partial
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn keep(self, path: &Path) -> Result<(), Failure> {
        kill::passes(kill::Point::BeforeName);
        fs_err::rename(&self.0, path).map_err(|source| Failure::Write {
            path: path.to_owned(),
            source,
        })
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(suffix);
            // Most often there is nothing to remove.
            let _ = std::fs::remove_file(PathBuf::from(name));
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.remove();
    }
}
