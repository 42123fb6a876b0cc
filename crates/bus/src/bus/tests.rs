use std::task::Poll;

use tokio::task::yield_now;

use super::*;

/// Whether the future is ready at its first poll.
async fn is_ready(future: &mut (impl Future<Output = ()> + Unpin)) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_ready())).await
}

#[tokio::test]
async fn every_subscriber_gets_every_event_in_order() {
    let bus = Bus::in_process();
    let (mut left, mut right) = (bus.subscribe(8), bus.subscribe(8));
    for number in 1..=8 {
        bus.publish(number).await;
    }
    for number in 1..=8 {
        assert_eq!(left.next().await, Some(number));
        assert_eq!(right.next().await, Some(number));
    }
}

#[tokio::test]
async fn publishing_waits_while_a_queue_is_full_and_loses_nothing() {
    let bus = Bus::in_process();
    let mut slow = bus.subscribe(1);
    bus.publish(1).await;
    let mut second = Box::pin(bus.publish(2));
    assert!(!is_ready(&mut second).await);
    assert_eq!(slow.next().await, Some(1));
    second.await;
    assert_eq!(slow.next().await, Some(2));
}

#[tokio::test]
async fn one_full_queue_does_not_change_the_order_in_another() {
    let bus = Bus::in_process();
    let (mut slow, mut quick) = (bus.subscribe(1), bus.subscribe(8));
    bus.publish(1).await;
    let publishers = [2, 3, 4].map(|number| {
        let bus = bus.clone();
        tokio::spawn(async move { bus.publish(number).await })
    });
    yield_now().await;
    for number in 1..=4 {
        assert_eq!(slow.next().await, Some(number));
        assert_eq!(quick.next().await, Some(number));
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
}

#[tokio::test]
async fn a_subscriber_that_has_gone_holds_nobody_up() {
    let bus = Bus::in_process();
    let gone = bus.subscribe(1);
    let mut stays = bus.subscribe(8);
    bus.publish(1).await;
    let mut waits = Box::pin(bus.publish(2));
    assert!(!is_ready(&mut waits).await);
    drop(gone);
    waits.await;
    bus.publish(3).await;
    for number in 1..=3 {
        assert_eq!(stays.next().await, Some(number));
    }
    assert_eq!(bus.shared.subscribers().len(), 1, "the one that has gone is forgotten");
}

#[tokio::test]
async fn a_subscription_ends_with_its_bus() {
    let bus = Bus::<u8>::in_process();
    let mut told = bus.subscribe(1);
    drop(bus);
    assert_eq!(told.next().await, None);
}
