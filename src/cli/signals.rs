//! What ends a run from outside: SIGINT and SIGTERM, the first in order and the second at once, and a deadline.

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::watch;

use super::exit::Exit;
use super::failure::Failure;
use crate::execute::Wish;

/// Hears signals as long as it lives.
#[derive(Debug)]
pub(crate) struct Signals {
    send: Arc<watch::Sender<Wish>>,
    which: Arc<OnceLock<Exit>>,
}

impl Signals {
    /// Begins to listen; must be called inside the runtime.
    pub(crate) fn listen() -> Self {
        let send = Arc::new(watch::channel(Wish::GoOn).0);
        let which = Arc::new(OnceLock::new());
        if let (Ok(interrupt), Ok(terminate)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) {
            tokio::spawn(hear(
                interrupt,
                terminate,
                Arc::clone(&send),
                Arc::clone(&which),
            ));
        }
        Self { send, which }
    }

    pub(crate) fn wish(&self) -> watch::Receiver<Wish> {
        self.send.subscribe()
    }

    /// The same wish when this time has passed. A signal behind it is the first one still.
    pub(crate) fn stop_after(&self, time: Duration) {
        let send = Arc::clone(&self.send);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            send.send_replace(Wish::Stop);
        });
    }

    /// Does what can be dropped at any moment, unless somebody wishes to stop first.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let mut wish = self.wish();
        tokio::select! {
            biased;
            Ok(_) = wish.wait_for(|wish| *wish == Wish::Stop) => Err(Failure::Interrupted(self.exit())),
            done = work => Ok(done),
        }
    }

    /// The code that goes with the signal that came; a deadline counts as an interrupt.
    pub(crate) fn exit(&self) -> Exit {
        self.which.get().copied().unwrap_or(Exit::Interrupted)
    }
}

async fn hear(
    mut interrupt: Signal,
    mut terminate: Signal,
    send: Arc<watch::Sender<Wish>>,
    which: Arc<OnceLock<Exit>>,
) {
    loop {
        let exit = tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        };
        if which.set(exit).is_err() {
            leave(exit);
        }
        send.send_replace(Wish::Stop);
    }
}

#[expect(
    clippy::exit,
    reason = "a second signal means now; the run file is safe at any moment"
)]
fn leave(exit: Exit) -> ! {
    std::process::exit(i32::from(exit.code()))
}
