//! SIGINT and SIGTERM: the first one ends a run in order, the second at once.

use std::sync::Arc;
use std::sync::OnceLock;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::watch;

use super::exit::Exit;
use crate::execute::Wish;

/// Hears signals as long as it lives.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    wish: watch::Receiver<Wish>,
    which: Arc<OnceLock<Exit>>,
}

impl Signals {
    /// Begins to listen; must be called inside the runtime.
    pub(crate) fn listen() -> Self {
        let (send, wish) = watch::channel(Wish::GoOn);
        let which = Arc::new(OnceLock::new());
        if let (Ok(interrupt), Ok(terminate)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) {
            tokio::spawn(hear(interrupt, terminate, send, Arc::clone(&which)));
        }
        Self { wish, which }
    }

    pub(crate) fn wish(&self) -> watch::Receiver<Wish> {
        self.wish.clone()
    }

    /// The code that goes with the signal that came; a deadline counts as an interrupt.
    pub(crate) fn exit(&self) -> Exit {
        self.which.get().copied().unwrap_or(Exit::Interrupted)
    }
}

async fn hear(
    mut interrupt: Signal,
    mut terminate: Signal,
    send: watch::Sender<Wish>,
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
        // The receiver may be gone when the command ends just now.
        let _ = send.send(Wish::Stop);
    }
}

#[expect(
    clippy::exit,
    reason = "a second signal means now; the run file is safe at any moment"
)]
fn leave(exit: Exit) -> ! {
    std::process::exit(i32::from(exit.code()))
}
