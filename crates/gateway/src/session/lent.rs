//! Buffers that a thread lends to whichever of its sockets has its turn, so that an idle socket holds none.

use std::cell::RefCell;

use bytes::Bytes;

/// What one read takes at most, where no single frame is larger.
const READ: usize = 64 * 1024;
/// Room behind the largest frame: its header, and the beginning of what follows it.
const HEADROOM: usize = 4 * 1024;
/// What is kept of the list of frames after a long one.
const KEPT_FRAMES: usize = 1024;

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static FRAMES: RefCell<Vec<Bytes>> = const { RefCell::new(Vec::new()) };
}

/// Lends a buffer that a frame of `longest` bytes fits into with room to spare.
pub(super) fn read_buffer<T>(longest: usize, turn: impl FnOnce(&mut [u8]) -> T) -> T {
    READ_BUFFER.with_borrow_mut(|buffer| {
        let size = READ.max(longest + HEADROOM);
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        turn(buffer)
    })
}

/// Lends an empty list of frames.
pub(super) fn frames<T>(turn: impl FnOnce(&mut Vec<Bytes>) -> T) -> T {
    FRAMES.with_borrow_mut(|frames| {
        let result = turn(frames);
        frames.clear();
        frames.shrink_to(KEPT_FRAMES);
        result
    })
}
