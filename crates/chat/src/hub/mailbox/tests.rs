use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use teahouse_protocol::{ErrorCode, ErrorEvent};

use super::*;

/// Knows errors, in every dialect but one.
struct Words;

impl Encode for Words {
    fn encode(&self, dialect: Dialect, event: &ServerEvent) -> Option<Bytes> {
        match event {
            ServerEvent::Error(error) if dialect != Dialect::Wepy => {
                Some(Bytes::from_static(error.code.as_str().as_bytes()))
            }
            _ => None,
        }
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The task of the connection: takes, and counts how often it was woken.
struct Reader {
    mailbox: Arc<Mailbox>,
    wakes: Arc<Wakes>,
    taken: Vec<Bytes>,
}

impl Reader {
    fn new(frames: usize, bytes: usize) -> Self {
        let limits = MailboxLimits { frames, bytes };
        let mailbox = Mailbox::new(Dialect::Native, Arc::new(Words), limits);
        Self { mailbox, wakes: Arc::default(), taken: Vec::new() }
    }

    fn take(&mut self) -> Poll<Taken> {
        let waker = Waker::from(self.wakes.clone());
        self.mailbox.poll_take(&mut Context::from_waker(&waker), &mut self.taken)
    }

    fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::SeqCst)
    }
}

const SECOND: Bytes = Bytes::from_static(b"second");

#[test]
fn frames_come_out_in_order_and_all_at_once() {
    let mut reader = Reader::new(8, 1024);
    reader.mailbox.push(Bytes::from_static(b"first"));
    reader.mailbox.push(SECOND);
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames));
    assert_eq!(reader.taken, [Bytes::from_static(b"first"), SECOND]);
    assert_eq!(reader.take(), Poll::Pending);
}

#[test]
fn a_waiting_task_is_woken_once_for_many_frames() {
    let mut reader = Reader::new(8, 1024);
    assert_eq!(reader.take(), Poll::Pending);
    for _ in 0..3 {
        reader.mailbox.push(SECOND);
    }
    assert_eq!(reader.wakes(), 1);
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames));
    reader.mailbox.push(SECOND);
    assert_eq!(reader.wakes(), 1, "it has not begun to wait again");
}

#[test]
fn a_task_that_attends_is_not_woken() {
    let mut reader = Reader::new(8, 1024);
    assert_eq!(reader.take(), Poll::Pending);
    reader.mailbox.attend();
    reader.mailbox.push(SECOND);
    assert_eq!(reader.wakes(), 0);
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames));
}

#[test]
fn a_close_comes_after_the_frames_before_it_and_stays() {
    let mut reader = Reader::new(8, 1024);
    assert_eq!(reader.take(), Poll::Pending);
    reader.mailbox.push(SECOND);
    reader.mailbox.close(CloseCode::GoingAway, "bye");
    reader.mailbox.close(CloseCode::Policy, "later ones don't count");
    reader.mailbox.push(SECOND);
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames));
    assert_eq!(reader.taken.len(), 1);
    for _ in 0..2 {
        assert_eq!(reader.take(), Poll::Ready(Taken::Closed(CloseCode::GoingAway, "bye")));
    }
}

#[test]
fn a_close_wakes_the_waiting_task() {
    let mut reader = Reader::new(8, 1024);
    assert_eq!(reader.take(), Poll::Pending);
    reader.mailbox.close(CloseCode::Done, "");
    assert_eq!(reader.wakes(), 1);
}

#[test]
fn one_frame_past_the_limit_closes_and_drops_what_waits() {
    let mut reader = Reader::new(2, 1024);
    reader.mailbox.push(SECOND);
    reader.mailbox.push(SECOND);
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames), "at the limit all is well");
    for _ in 0..3 {
        reader.mailbox.push(SECOND);
    }
    assert_eq!(reader.take(), Poll::Ready(Taken::Closed(CloseCode::TooSlow, "too slow")));
}

#[test]
fn one_byte_past_the_limit_closes() {
    let mut reader = Reader::new(8, 2 * SECOND.len());
    reader.mailbox.push(SECOND);
    reader.mailbox.push(SECOND);
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames), "at the limit all is well");
    reader.mailbox.push(SECOND);
    reader.mailbox.push(SECOND);
    reader.mailbox.push(Bytes::from_static(b"1"));
    assert!(matches!(reader.take(), Poll::Ready(Taken::Closed(CloseCode::TooSlow, _))));
}

#[test]
fn a_task_that_can_write_nothing_is_woken_by_the_close_alone() {
    let mut reader = Reader::new(2, 1024);
    let waker = Waker::from(reader.wakes.clone());
    let mut cx = Context::from_waker(&waker);
    assert_eq!(reader.mailbox.poll_closed(&mut cx), Poll::Pending);
    reader.mailbox.push(SECOND);
    reader.mailbox.push(SECOND);
    assert_eq!(reader.wakes(), 0);
    reader.mailbox.push(SECOND);
    assert_eq!(reader.wakes(), 1);
    assert_eq!(reader.mailbox.poll_closed(&mut cx), Poll::Ready((CloseCode::TooSlow, "too slow")));
    assert!(reader.take().is_ready());
}

#[test]
fn an_emptied_mailbox_holds_no_memory() {
    let mut reader = Reader::new(1000, 1 << 20);
    for _ in 0..100 {
        reader.mailbox.push(SECOND);
    }
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames));
    assert_eq!(reader.mailbox.state.lock().frames.capacity(), 0);
}

#[test]
fn an_event_that_the_dialect_has_no_word_for_is_left_out() {
    let mut reader = Reader::new(8, 1024);
    reader.mailbox.send(&ServerEvent::Pong { id: None });
    assert_eq!(reader.take(), Poll::Pending);
    reader.mailbox.send(&ServerEvent::Error(ErrorEvent::new(ErrorCode::Muted)));
    assert_eq!(reader.take(), Poll::Ready(Taken::Frames));
    assert_eq!(reader.taken, [Bytes::from_static(b"muted")]);
}
