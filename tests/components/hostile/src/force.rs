//! Brute force: time, stack, memory, and calls of the host without end. These never come back by themselves.

use std::hint::black_box;

use teahouse_plugin_sdk::{directory, env, kv, log};

/// 1 MiB.
const MIB: usize = 1 << 20;

/// Runs the attack of that name; an unknown one is a trap.
pub(crate) fn run(attack: &str) {
    match attack {
        "loop" => spin(),
        "recurse" => {
            black_box(recurse(1));
        }
        "memory" => eat(),
        "memory-loop" => {
            fill();
            spin();
        }
        "copy" => copy(),
        "log-flood" => loop {
            log::error("flood", &[("n", "1")]);
        },
        "kv-flood" => loop {
            black_box(kv::increment("flood", 1, None).is_ok());
        },
        "directory-flood" => loop {
            black_box(directory::get_user("nobody").is_ok());
        },
        "random-flood" => loop {
            black_box(env::random(u32::MAX));
        },
        "huge-line" => log::info(&"x".repeat(8 * MIB), &[]),
        "strings" => strings(),
        "trap" => trap(),
        unknown => panic!("no attack {unknown}"),
    }
}

fn spin() {
    loop {
        black_box(0);
    }
}

fn recurse(depth: u64) -> u64 {
    // Work after the call, so that it can't become a loop.
    black_box(if black_box(depth) == 0 { 0 } else { recurse(depth + 1) + 1 })
}

/// Takes memory until there is none: the allocator then gives up, which is a trap.
fn eat() {
    let mut eaten = Vec::new();
    loop {
        eaten.push(vec![1_u8; MIB]);
        black_box(&eaten);
    }
}

/// Takes all memory that it gets, and keeps it.
fn fill() {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut more = Vec::new();
        if more.try_reserve_exact(MIB).is_err() {
            break;
        }
        more.resize(MIB, 1);
        taken.push(more);
    }
    black_box(&taken);
    std::mem::forget(taken);
}

/// One instruction that copies megabytes can't be interrupted: many of them in a row.
fn copy() {
    let mut bytes = vec![1_u8; 4 * MIB];
    loop {
        bytes.copy_within(..2 * MIB, 2 * MIB);
        bytes.copy_within(2 * MIB.., 0);
        black_box(&bytes);
    }
}

/// One text of 256 KiB, named 16 times.
fn strings() {
    let text = "x".repeat(MIB / 4);
    let fields: Vec<(&str, &str)> = (0..16).map(|_| ("f", text.as_str())).collect();
    log::info("strings", &fields);
}

fn trap() {
    let empty: [u8; 0] = black_box([]);
    black_box(empty[black_box(0)]);
}
