//! How much data an argument is: its bytes of text and lists, and a little for each part of a list.

use crate::wit::{Draft, HttpRequest, Pair, Review};

/// What a list's element takes beside its text.
const ELEMENT_BYTES: usize = 16;

pub(super) fn optional(text: Option<&String>) -> usize {
    text.map_or(0, String::len)
}

pub(super) fn pairs(pairs: &[Pair]) -> usize {
    pairs.iter().map(|(name, value)| name.len() + value.len() + ELEMENT_BYTES).sum()
}

pub(super) fn draft(draft: &Draft) -> usize {
    let buttons: usize = draft
        .buttons
        .iter()
        .flatten()
        .map(|button| {
            button.id.len() + button.label.len() + button.style.len() + button.value.len() + ELEMENT_BYTES
        })
        .sum();
    draft.room.len()
        + draft.kind.len()
        + draft.text.len()
        + optional(draft.content.as_ref())
        + optional(draft.reply_to.as_ref())
        + optional(draft.only_for.as_ref())
        + draft.mentions.iter().map(|user| user.len() + ELEMENT_BYTES).sum::<usize>()
        + draft.buttons.len() * ELEMENT_BYTES
        + buttons
        + pairs(&draft.extra)
}

pub(super) fn review(review: &Review) -> usize {
    review.code.len() + review.note.len()
}

pub(super) fn request(request: &HttpRequest) -> usize {
    request.method.len()
        + request.url.len()
        + pairs(&request.headers)
        + request.body.len()
        + optional(request.secret.as_ref())
}
