//! `undo`: what a run file did into a plan that takes it back, a question, apply.

use std::path::Path;
use std::path::PathBuf;

use super::apply;
use super::apply::Terms;
use super::nothing_to_undo;
use super::plan;
use super::plan::Partial;
use super::plan::Planned;
use super::run;
use crate::cli::engine;
use crate::cli::engine::Task;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::failure_report;
use crate::cli::instance::Manner;
use crate::cli::instance::Session;
use crate::cli::instance::Way;
use crate::cli::ledger;
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
use crate::cli::undo_args::UndoArgs;
use crate::cli::written;
use crate::execute;
use crate::execute::PlanEnd;
use crate::kill;
use crate::plan::Drifted;
use crate::report;
use crate::runfile::Header;
use crate::runfile::Instance;
use crate::runfile::RunFile;
use crate::runfile::RunFileError;
use crate::runfile::RunView;
use crate::runfile::Stage;
use crate::runfile::Undoes;
use crate::runfile::UndoneBy;

pub(crate) async fn run(
    settings: &Settings,
    args: &UndoArgs,
    signals: &Signals,
) -> Result<Exit, Failure> {
    let output = OutputSettings::resolve(&args.output)?;
    if let Some(out) = &args.out {
        written::folder_is_there(out)?;
    }
    written::nothing_is_lost(&output, &[&args.file], args.out.as_deref())?;
    // What cannot be undone at all needs nobody's word.
    drop(RunView::open(&args.file)?);
    if !args.dry_run && !args.yes {
        run::somebody_to_ask(
            settings,
            "pass `--yes`, or `--dry-run` now and `apply` what was reviewed",
        )?;
    }
    let queue = Queue {
        settings,
        signals,
        timeout: args.lock.lock_timeout,
        file: &args.file,
    };
    // Whoever writes the run is not done with it.
    let _lock = queue.lock(&args.file).await?;
    let view = RunView::open(&args.file)?;
    if !view.did_anything()? {
        printer::say(
            settings,
            &format!(
                "nothing of `{}` was done; there is nothing to undo",
                args.file.display()
            ),
        );
        signals.when_leaving(None);
        let given = nothing_to_undo::give(settings, args, &output, &view);
        return Ok(reports::exit(settings, Exit::Success, given));
    }
    let loaded = load::recorded(&view, &[])?;
    let Header {
        seals, instance, ..
    } = view.header()?;
    let way = Way::find(settings, Manner::of(&loaded.checked.settings));
    let way = signals.unless_stopped(way).await??;
    refuse_elsewhere(&instance, &way)?;
    let vault = secrets::unseal(settings, &loaded, &seals, &args.again.vars_file)?;
    let mut session = match args.dry_run {
        true => {
            signals
                .unless_stopped(Session::to_read(settings, way))
                .await??
        }
        false => Session::to_write(queue, way).await?,
    };
    session.keep(vault);
    let undo = Undo {
        settings,
        args,
        output: &output,
        session: &session,
        signals,
        queue,
    };
    let exit = Box::pin(undo.within(view, loaded)).await;
    session.leave(signals).await;
    exit
}

/// No other instance is asked.
fn refuse_elsewhere(made_on: &Instance, way: &Way) -> Result<(), Failure> {
    if made_on.url == way.name {
        return Ok(());
    }
    Err(Failure::Refused {
        message: format!(
            "this run was made on `{}`, not on `{}`",
            made_on.url, way.name
        ),
        help: Some("name that instance with `--url` or SUGAR_URL".into()),
    })
}

struct Undo<'a> {
    settings: &'a Settings,
    args: &'a UndoArgs,
    output: &'a OutputSettings,
    session: &'a Session,
    signals: &'a Signals,
    queue: Queue<'a>,
}

/// Where an undo is written, and how far an earlier one there is.
enum Out {
    /// Nothing of it was sent, or it is not there.
    Fresh(PathBuf),
    Begun(PathBuf),
}

impl Undo<'_> {
    async fn within(&self, view: RunView, of_run: Loaded) -> Result<Exit, Failure> {
        // It is large, and lies beside that of the undo for as long as this lasts.
        let header = Box::new(view.header()?);
        if !self.args.dry_run {
            self.session
                .confirmed(self.args.confirmation.confirm.as_deref())?;
        }
        let path = match self.out(&view)? {
            Out::Begun(path) if self.args.dry_run => {
                return Err(Failure::Refused {
                    message: format!("the undo in `{}` was begun already", path.display()),
                    help: Some(format!(
                        "`sugarmill show {}` says how far it is",
                        path.display()
                    )),
                });
            }
            Out::Begun(path) => {
                printer::say(
                    self.settings,
                    &format!("going on with `{}`, which was begun before", path.display()),
                );
                self.go_on(&path).await?;
                return self.apply(&path).await;
            }
            Out::Fresh(path) => path,
        };
        if view.unsettled_sends()? > 0 {
            drop(view);
            self.settle(&of_run, &header).await?;
        } else {
            drop(view);
        }
        let planned = self.plan(of_run, &header, path).await?;
        if self.args.dry_run || planned.end != PlanEnd::Planned {
            self.signals.when_leaving(None);
            let given = reports::give(
                self.settings,
                self.output,
                RunView::open_again(&planned.path)?,
            );
            planned.say(self.settings);
            let own = plan::exit(&planned.end, self.signals);
            return Ok(reports::exit(self.settings, own, given));
        }
        let path = planned.path;
        if !self.agreed(&path)? {
            let refused = Failure::Refused {
                message: "not undone".into(),
                help: Some(format!("the plan is kept: `{}`", again("apply", &path)?)),
            };
            return failure_report::give_hindered(self.settings, self.output, &path, &refused);
        }
        self.apply(&path).await
    }

    /// An undo that was begun is gone on with, wherever it was written.
    fn out(&self, view: &RunView) -> Result<Out, Failure> {
        let wanted = match &self.args.out {
            Some(path) => path.clone(),
            None => beside(&self.args.file),
        };
        if let Some(known) = view.undone_by()? {
            let path = PathBuf::from(&known.file);
            let earlier = RunView::open(&path).ok();
            let stage = earlier.as_ref().map(RunView::stage).transpose()?;
            let is_begun = stage == Some(Stage::Run);
            let back = earlier.as_ref().map(RunView::undone_by).transpose()?;
            if let Some(back) = back.flatten().filter(|back| back.stage == Stage::Run) {
                return Err(Failure::Refused {
                    message: format!(
                        "`{}` was undone by `{}`, and that was taken back by `{}`",
                        self.args.file.display(),
                        path.display(),
                        back.file
                    ),
                    help: Some(format!(
                        "`{}` undoes it again",
                        report::again("undo", &back.file, &view.header()?.instance)
                    )),
                });
            }
            if is_begun && self.args.out.as_ref().is_some_and(|out| *out != path) {
                return Err(Failure::Refused {
                    message: format!(
                        "`{}` is being undone by `{}` already",
                        self.args.file.display(),
                        path.display()
                    ),
                    help: Some("leave `-o` out to go on with that one".into()),
                });
            }
            if is_begun {
                return Ok(Out::Begun(path));
            }
        }
        plan::refuse_to_overwrite(&wanted)?;
        Ok(Out::Fresh(wanted))
    }

    /// Only reads: whether what was under way when the run ended was done.
    async fn settle(&self, of_run: &Loaded, header: &Header) -> Result<(), Failure> {
        let file = RunFile::open_again(&self.args.file)?;
        let health = engine::health(&of_run.checked.settings, Task::Plan);
        let mut shown = Shown::new(self.settings);
        let wish = self.signals.wish();
        let mut engine = engine::build(
            of_run,
            header,
            self.session,
            file,
            &health,
            &mut shown,
            wish,
        )?;
        engine.ledger = ledger::of(self.settings, self.session, header, of_run)?;
        let end = execute::settle_open(&mut engine).await;
        let file = engine.into_file();
        shown.clear();
        file.finish()?;
        Ok(end?)
    }

    async fn plan(&self, of_run: Loaded, of: &Header, path: PathBuf) -> Result<Planned, Failure> {
        let run = RunView::open_again(&self.args.file)?;
        let undoes = Undoes {
            run_id: of.run_id.clone(),
            file: self.args.file.display().to_string(),
            times: run.undoes()?.map_or(0, |earlier| earlier.times) + 1,
            drifted: self.drifted(),
            max_deletes: match self.args.max_deletes {
                Some(limit) => limit,
                None => run.creates_done()?,
            },
        };
        let header = Header {
            run_id: plan::run_id(self.settings),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            started: execute::timestamp(),
            instance: Instance {
                user: self.session.me.user_name.clone(),
                user_id: self.session.me.id.clone(),
                flags: self.settings.instance_flags(),
                confirm: self.session.wants_confirmed().map(str::to_owned),
                ..of.instance.clone()
            },
            ..of.clone()
        };
        drop(of_run);
        let loaded = load::taking_back(load::stored(&header.playbook, &[])?, &undoes);
        let partial = Partial::new(&path);
        let file = RunFile::create(partial.path(), &header)?;
        file.put(&undoes)?;
        file.put(&plan::salt(self.settings))?;
        let health = engine::health(&loaded.checked.settings, Task::Plan);
        let mut shown = Shown::new(self.settings);
        let wish = self.signals.wish();
        let mut engine = engine::build(
            &loaded,
            &header,
            self.session,
            file,
            &health,
            &mut shown,
            wish,
        )?;
        let end = execute::plan_undo(&mut engine, &run).await?;
        engine.count_requests()?;
        let file = engine.into_file();
        shown.clear();
        file.finish()?;
        partial.keep(&path)?;
        drop(run);
        kill::passes(kill::Point::BeforeNote);
        self.note(&header.run_id, &path, Stage::Plan)?;
        Ok(Planned { path, end })
    }

    fn drifted(&self) -> Drifted {
        match self.args.force {
            true => Drifted::TakenBack,
            false => Drifted::LeftAlone,
        }
    }

    /// Takes up an undo that was begun: with `--force` what was left alone has another turn.
    async fn go_on(&self, path: &Path) -> Result<(), Failure> {
        let _lock = self.queue.lock(path).await?;
        let mut file = RunFile::open(path)?;
        if let Some(mut undoes) = file.get::<Undoes>()? {
            undoes.drifted = self.drifted();
            undoes.max_deletes = self.args.max_deletes.unwrap_or(undoes.max_deletes);
            file.put(&undoes)?;
            if undoes.drifted == Drifted::TakenBack {
                file.retry_drifted()?;
            }
        }
        file.finish()?;
        Ok(())
    }

    /// Writes into the run by what it is taken back.
    fn note(&self, run_id: &str, path: &Path, stage: Stage) -> Result<(), RunFileError> {
        let file = RunFile::open_again(&self.args.file)?;
        file.put(&UndoneBy {
            run_id: run_id.to_owned(),
            file: path.display().to_string(),
            stage,
        })?;
        file.finish()?;
        Ok(())
    }

    async fn apply(&self, path: &Path) -> Result<Exit, Failure> {
        let view = RunView::open(path)?;
        let loaded = load::recorded(&view, &[])?;
        let run_id = view.header()?.run_id;
        drop(view);
        let lock = self.queue.lock(path).await?;
        self.note(&run_id, path, Stage::Run)?;
        kill::passes(kill::Point::AfterNote);
        apply::prepare_to_leave(self.settings, self.output, path, self.signals);
        let end = apply::send(
            self.settings,
            path,
            &loaded,
            self.session,
            &Terms::default(),
            lock,
            self.signals,
        )
        .await;
        let exit = apply::finish(self.settings, self.output, path, end, self.signals)?;
        self.written(path);
        Ok(exit)
    }

    fn written(&self, path: &Path) {
        printer::say(self.settings, &format!("written to `{}`", path.display()));
    }

    fn agreed(&self, path: &Path) -> Result<bool, Failure> {
        if self.args.yes {
            return Ok(true);
        }
        run::agreed(self.settings, self.output, path)
    }
}

/// `import.run` is taken back by `import.undo.run`.
fn beside(run: &Path) -> PathBuf {
    let is_run = run.extension().is_some_and(|extension| extension == "run");
    let mut name = match is_run {
        true => run.with_extension("").into_os_string(),
        false => run.as_os_str().to_owned(),
    };
    name.push(".undo.run");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_lies_beside_its_run() {
        let of = |path: &str| beside(Path::new(path)).display().to_string();
        assert_eq!(of("runs/import.run"), "runs/import.undo.run");
        assert_eq!(of("import.undo.run"), "import.undo.undo.run");
        assert_eq!(of("v1.2"), "v1.2.undo.run");
    }
}
