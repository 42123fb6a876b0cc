//! Rooms: made, found, joined, left; and who may do what in one.

mod invitations;
mod making;
mod membership;
mod roles;
