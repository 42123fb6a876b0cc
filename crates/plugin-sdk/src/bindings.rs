//! What wit-bindgen makes of the interface: types, imported functions, and a macro for each interface to export.
//!
//! Not by the four worlds of `plugin.wit`, but by one world a hook: a component's world is then put together from the
//! hooks that a plugin names in [`export!`](crate::export), any combination of them, and the types are the same in all.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::semicolon_if_nothing_returned,
    clippy::uninlined_format_args,
    clippy::needless_pass_by_value,
    reason = "generated code; expect would fail wherever one of them is not met"
)]

/// The host's side.
pub mod host {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package teahouse:sdk-host;
            world host-functions {
                import teahouse:plugin/log@1.0.0;
                import teahouse:plugin/env@1.0.0;
                import teahouse:plugin/kv@1.0.0;
                import teahouse:plugin/directory@1.0.0;
                import teahouse:plugin/messages@1.0.0;
                import teahouse:plugin/history@1.0.0;
                import teahouse:plugin/moderation@1.0.0;
                import teahouse:plugin/timers@1.0.0;
                import teahouse:plugin/http@1.0.0;
            }
        ",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
    pub use teahouse::plugin::*;
}

/// The export of `setup`.
pub mod setup {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package teahouse:sdk-setup;
            world setup-hook { export teahouse:plugin/setup@1.0.0; }
        ",
        with: {
            "teahouse:plugin/types@1.0.0": crate::bindings::host::types,
            "teahouse:plugin/setup@1.0.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_setup",
        additional_derives: [PartialEq],
    });
    pub use exports::teahouse::plugin::setup::*;
}

/// The export of `filter`.
pub mod filter {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package teahouse:sdk-filter;
            world filter-hook { export teahouse:plugin/filter@1.0.0; }
        ",
        with: {
            "teahouse:plugin/types@1.0.0": crate::bindings::host::types,
            "teahouse:plugin/filter@1.0.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_filter",
    });
    pub use exports::teahouse::plugin::filter::*;
}

/// The export of `gate`.
pub mod gate {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package teahouse:sdk-gate;
            world gate-hook { export teahouse:plugin/gate@1.0.0; }
        ",
        with: {
            "teahouse:plugin/types@1.0.0": crate::bindings::host::types,
            "teahouse:plugin/gate@1.0.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_gate",
    });
    pub use exports::teahouse::plugin::gate::*;
}

/// The export of `bot`.
pub mod bot {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package teahouse:sdk-bot;
            world bot-hook { export teahouse:plugin/bot@1.0.0; }
        ",
        with: {
            "teahouse:plugin/types@1.0.0": crate::bindings::host::types,
            "teahouse:plugin/bot@1.0.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_bot",
    });
    pub use exports::teahouse::plugin::bot::*;
}
