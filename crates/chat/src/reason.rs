//! Why something is refused, where the code alone would not tell a person what to do.

use std::fmt;

/// A sentence for a person, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// In English.
    pub en: &'static str,
    /// In Chinese.
    pub zh: &'static str,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en)
    }
}

macro_rules! reasons {
    ($($name:ident = $en:literal, $zh:literal;)+) => {
        $(pub(crate) const $name: Reason = Reason { en: $en, zh: $zh };)+
    };
}

reasons! {
    CHANNEL_IS_READ_ONLY = "only the owner and admins write in a channel", "频道中只有群主和管理员可以发言";
    NO_MODERATORS_HERE = "a direct conversation has no moderators", "私聊没有管理员";
    MODERATORS_ONLY = "only the owner and admins may do this", "只有群主和管理员可以这样做";
    OWNER_ONLY = "only the owner may do this", "只有群主可以这样做";
    ROLE_NOT_BELOW = "this member's role is not below yours", "该成员的角色不低于你";
    SENDER_ONLY = "only the sender may edit a message", "只有发送者可以编辑消息";
    FOR_TWO_ONLY = "a direct conversation is for two", "私聊只能有两个人";
    RECALLED = "the message was recalled", "消息已被撤回";
    WITH_ONESELF = "a direct conversation needs another person", "不能与自己私聊";
    LOBBY_STAYS = "the lobby stays", "大堂不能解散";
    EVERYONE_IS_IN_THE_LOBBY = "everyone is in the lobby", "每个人都在大堂中，不能退出";
    DIRECT_STAYS = "a direct conversation can't be left", "私聊不能退出";
    NOT_A_BOTS_CARD = "this is no card of a bot that listens", "这不是机器人的卡片，或机器人已停用";
    BOTS_ONLY = "only bots may do this", "只有机器人可以这样做";
    COMMAND_NEEDS_ROLE = "your role here is too low for this command", "你的角色无权使用此命令";
    NOT_ONES_OWN = "another moderator, or an admin of the server, decides about your own message", "自己的消息由其他管理员或服务器管理员审核";
    DECIDED_OTHERWISE = "somebody decided otherwise before", "已有其他人作出不同的决定";
    WAITS_FOR_REVIEW = "the message waits for a moderator", "消息正在等待审核";
    SITS_IN_TOO_MANY_ROOMS = "this connection listens to as many rooms as it may: leave one first", "此连接收听的房间已达上限，请先离开一个";
    TOO_MANY_REACTIONS = "the message has as many kinds of reactions as it may: put one of those", "这条消息的表情种类已达上限，请使用已有的表情";
    REACTION_NOT_ALLOWED = "this room allows other reactions only", "这个房间不允许使用该表情";
    ENOUGH_ROOMS = "you have made as many rooms as one person may for now", "你创建的房间已达到目前的上限";
    ENOUGH_DIRECTS = "you have begun as many direct conversations as one person may for now", "你发起的私聊已达到目前的上限";
    ENOUGH_INVITATIONS = "you have invited as many people as one person may for now", "你发出的邀请已达到目前的上限";
    ENOUGH_WAIT = "too many of your invitations wait for an answer", "你有太多邀请尚未得到答复";
    REFUSED_BEFORE = "they refused an invitation into this room not long ago", "对方不久前拒绝了加入该房间的邀请";
    LAST_OWNER = "make another member the owner first", "请先将群主转让给其他成员";
}
