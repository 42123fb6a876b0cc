//! An answer's body, and what is given back once it is written.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Holds `G` until the last of the body's bytes is written. hyper drops a body as soon as it has the body's last bytes,
/// which may then wait long for a slow reader: so each piece of them holds the place as well.
pub(super) struct Held<B, G> {
    body: B,
    place: Arc<G>,
}

/// Bytes that hold a place.
struct Piece<G> {
    bytes: Bytes,
    _place: Arc<G>,
}

impl<G> AsRef<[u8]> for Piece<G> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<B, G> Held<B, G> {
    pub(super) fn new(body: B, place: G) -> Self {
        Self { body, place: Arc::new(place) }
    }
}

impl<B, G> Body for Held<B, G>
where
    B: Body<Data = Bytes, Error = io::Error> + Unpin,
    G: Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let place = Arc::clone(&self.place);
        let hold = |bytes| Bytes::from_owner(Piece { bytes, _place: place });
        Pin::new(&mut self.body).poll_frame(cx).map_ok(|frame| frame.map_data(hold))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};

    use super::*;

    #[tokio::test]
    async fn the_place_is_held_as_long_as_the_bytes_are() {
        let place = Arc::new(());
        let body = Full::new(Bytes::from_static(b"tea")).map_err(|never| match never {});
        let mut held = Held::new(body, Arc::clone(&place));
        assert_eq!(held.size_hint().exact(), Some(3));
        let bytes = held.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(held);
        assert_eq!((&bytes[..], Arc::strong_count(&place)), (&b"tea"[..], 2));
        drop(bytes);
        assert_eq!(Arc::strong_count(&place), 1);
    }
}
