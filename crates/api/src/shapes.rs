//! What bodies look like: requests as they are read, answers as they are written.

mod messages;
mod people;
mod rooms;
mod text;

pub(crate) use messages::{EditMessage, EventPage, HeldMessage, MessagePage, ReadUpTo, SendMessage};
pub(crate) use people::{DeviceList, GuestSignIn, MintToken, Session, UpdateMe, WechatSignIn};
pub(crate) use rooms::{
    AskToJoin, BanPage, CreateRoom, Member, MemberPage, OpenDirect, PublicRoomPage, PutMember, Room,
    RoomPage, UpdateRoom,
};
pub(crate) use text::{Emoji, IdempotencyKey};

#[cfg(test)]
mod tests;
