//! What a socket talks to: a chat connection, or a test's stand-in.

use std::pin::Pin;
use std::time::Duration;

use teahouse_protocol::{ClientFrame, ClientId};

use teahouse_chat::{Error, Handled};

/// Handles the frames of one socket. Answers go to its mailbox.
pub(crate) trait Conversation: Send + Unpin + 'static {
    fn handle(&mut self, frame: ClientFrame) -> Handled;

    /// Counts a frame of the client's against its user's limit, over all of their connections.
    ///
    /// # Errors
    /// How long until the next is admitted.
    fn admit(&self) -> Result<(), Duration> {
        Ok(())
    }

    /// The client does something: told now and then, so that its session lasts.
    fn used(&mut self) {}
}

/// The work of a frame that takes time.
pub(super) struct Later {
    pub(super) id: Option<ClientId>,
    pub(super) work: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
}

/// The frame's own id, which an error must name. Those without one are answered without.
pub(super) fn id_of(frame: &ClientFrame) -> Option<ClientId> {
    match frame {
        ClientFrame::Msg(draft) => draft.client_id.clone(),
        ClientFrame::Ping { id }
        | ClientFrame::Edit { id, .. }
        | ClientFrame::Recall { id, .. }
        | ClientFrame::React { id, .. }
        | ClientFrame::Unreact { id, .. }
        | ClientFrame::Press { id, .. } => id.clone(),
        ClientFrame::Join(_)
        | ClientFrame::Leave { .. }
        | ClientFrame::Listen(_)
        | ClientFrame::Read { .. }
        | ClientFrame::Typing { .. }
        | ClientFrame::Presence { .. } => None,
    }
}
