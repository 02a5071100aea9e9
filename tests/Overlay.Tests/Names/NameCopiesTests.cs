using Overlay.Messages;
using Overlay.Names;

namespace Overlay.Tests.Names;

public sealed class NameCopiesTests
{
    [Fact]
    public void A_name_is_registered_when_its_keeper_and_a_majority_of_the_replicas_have_it()
    {
        var world = new DirectoryWorld(6);
        world.Loses = (_, to, payload) => payload is Replicate && to == world[1];

        Assert.Equal(Outcome.Done, world[5].Register("alice").Outcome);

        Assert.Equal([1, 0, 1, 1, 0, 0], world.Order.Select(one => one.Directory.RecordCount));
    }

    [Fact]
    public void Without_a_majority_a_name_is_neither_registered_nor_shown()
    {
        var world = new DirectoryWorld(6);
        world.Loses = (_, to, payload) => payload is Replicate && to != world[1];

        Assert.Equal(default, world[5].Register("alice"));
        Assert.Equal(Outcome.NameUnknown, world[4].Resolve("alice").Outcome);
        world.Loses = (_, _, _) => false;
        world.RunTo(3.1);

        Assert.Equal(Outcome.Done, world[5].Results[^1].Outcome);
        Assert.Equal(Outcome.Done, world[4].Resolve("alice").Outcome);
    }

    [Fact]
    public void The_heir_of_a_crashed_keeper_answers_at_once_and_fills_up_the_replicas()
    {
        var world = new DirectoryWorld(6);
        world[5].Register("alice");
        var before = world[4].Resolve("alice").Entry!;

        world[0].IsAlive = false;
        var after = world[4].Resolve("alice");
        world.Rearrange();
        world.RunTo(1);

        Assert.Equal(Outcome.Done, after.Outcome);
        Assert.Equal(before.Tenancy, after.Entry!.Tenancy);
        Assert.Equal([1, 1, 1, 1, 0], world.Order.Where(one => one.IsAlive).Select(one => one.Directory.RecordCount));
        Assert.Equal(Outcome.NameTaken, world[4].Register("alice").Outcome);
    }

    [Fact]
    public void Replicas_that_have_the_same_exchange_nothing_but_digests()
    {
        var world = new DirectoryWorld(6);
        for (var i = 0; i < 50; i++)
        {
            world[5].Register($"name{i}");
        }

        world.RunTo(20);
        world.Crossed.Clear();
        world.Loses = (_, _, payload) => payload is PutRecord; // No refreshes: only what keepers and replicas say to each other.
        world.RunTo(60);

        Assert.Equal([MessageKind.NameDigest], world.Crossed.Keys);
        Assert.InRange(world.Crossed[MessageKind.NameDigest], 3 * 2, 3 * 4); // three replicas, a digest each 15 s
    }

    [Fact]
    public void A_replica_that_missed_something_gets_it_with_the_next_digest_and_only_that()
    {
        var world = new DirectoryWorld(4);
        world[3].Register("first");
        world.Loses = (_, to, payload) => payload is Replicate && to == world[2];
        world[3].Register("second");
        world.Loses = (_, _, _) => false;
        Assert.Equal(1, world[2].Directory.RecordCount);
        world.Crossed.Clear();

        world.RunTo(17);

        Assert.Equal(2, world[2].Directory.RecordCount);
        Assert.Equal(1, world.Crossed[MessageKind.GetRecords]);
        Assert.Equal(1, world.Crossed[MessageKind.Replicate]);
    }

    [Fact]
    public void Thousands_of_names_are_compared_in_slices()
    {
        var options = OverlayOptions.Default with { NameReplicas = 1 };
        var world = new DirectoryWorld(12, options);
        for (var i = 0; i < 2300; i++)
        {
            Assert.Equal(Outcome.Done, world[2 + (i % 10)].Register($"name{i}").Outcome);
        }

        world[1].IsAlive = false;
        world.Rearrange();
        world.RunTo(1);

        Assert.Equal(2300, world[2].Directory.RecordCount);
        Assert.Equal(3, world.Crossed[MessageKind.NameList]);
    }

    [Fact]
    public void What_is_no_longer_needed_is_offered_to_whoever_is_responsible_and_dropped()
    {
        var world = new DirectoryWorld(8);
        world[7].Register("alice");
        world.Order.Reverse(); // Everything moved, and nothing was handed over.

        world.Rearrange();
        world.RunTo(100);

        Assert.Equal(Outcome.Done, world[4].Resolve("alice").Outcome);
        Assert.Equal([1, 1, 1, 1, 0, 0, 0, 0], world.Order.Select(one => one.Directory.RecordCount));
    }

    [Fact]
    public void A_name_registered_on_both_sides_of_a_split_belongs_to_the_earlier_after_the_merge_and_the_loser_is_told()
    {
        var world = new DirectoryWorld(10) { Side = one => 0 };
        world.Side = one => world.Order.IndexOf(one) % 2;
        var (early, late) = (world[8], world[9]);
        Assert.Equal(Outcome.Done, early.Register("alice").Outcome);
        world.RunTo(5);
        Assert.Equal(Outcome.Done, late.Register("alice").Outcome);
        world.RunTo(200);
        Assert.Equal(early.Id, world[2].Resolve("alice").Entry!.Record.Owner.Id);
        Assert.Equal(late.Id, world[3].Resolve("alice").Entry!.Record.Owner.Id);

        world.Side = _ => 0;
        world.Rearrange();
        world.RunTo(220);

        var entry = world[3].Resolve("alice").Entry!;
        Assert.Equal((early.Id, 2L), (entry.Record.Owner.Id, entry.Tenancy.Epoch));
        Assert.Contains(late.Results, one => one.Kind == NameResultKind.Lost && one.Name == "alice");
        Assert.DoesNotContain(early.Results, one => one.Kind == NameResultKind.Lost);
        world.RunTo(400);
        entry = world[3].Resolve("alice").Entry!;
        Assert.Equal((early.Id, 2L), (entry.Record.Owner.Id, entry.Tenancy.Epoch));
    }

    [Fact]
    public void A_name_that_lapsed_on_one_side_of_a_split_goes_to_whoever_holds_it_on_the_other()
    {
        var world = new DirectoryWorld(10);
        world.Side = one => world.Order.IndexOf(one) % 2;
        world[8].Register("alice");
        world.RunTo(5);
        world[9].Register("alice");
        world[8].IsAlive = false;
        world.RunTo(400);

        world.Side = _ => 0;
        world.Rearrange();
        world.RunTo(420);

        Assert.Equal(world[9].Id, world[3].Resolve("alice").Entry!.Record.Owner.Id);
    }

    [Fact]
    public void A_copy_from_before_a_name_was_given_up_does_not_bring_it_back()
    {
        var world = new DirectoryWorld(6);
        world[5].Register("alice");
        world.Loses = (_, to, _) => to == world[3];
        world[5].Do((directory, now, request) => directory.Unregister(now, request, "alice"));
        Assert.Equal(Outcome.Done, world[4].Register("alice").Outcome);
        world.Loses = (_, _, _) => false;

        world.Order.Remove(world[3]);
        world.Order.Insert(0, world[3]); // The one that missed all of it becomes the keeper.
        world.Rearrange();
        world.RunTo(20);

        var entry = world[5].Resolve("alice").Entry!;
        Assert.Equal((world[4].Id, 2L), (entry.Record.Owner.Id, entry.Tenancy.Epoch));
    }

    [Fact]
    public void Watchers_hear_of_each_new_holder_once_and_of_no_refresh()
    {
        var world = new DirectoryWorld(6);
        var watcher = world[5];
        Assert.Null(watcher.Do((directory, now, request) => directory.Watch(now, request, "alice")).Entry);

        world[4].Register("alice");
        world.RunTo(50);
        world[4].Do((directory, now, request) => directory.Unregister(now, request, "alice"));
        world.RunTo(55);
        world[3].Register("alice");
        world.RunTo(60);

        var changes = watcher.Results.Where(one => one.Kind == NameResultKind.Changed).Select(one => one.Entry?.Record.Owner.Id);
        Assert.Equal([world[4].Id, null, world[3].Id], changes);
    }

    [Fact]
    public void A_watch_outlives_its_keeper_and_ends_with_its_watcher()
    {
        var world = new DirectoryWorld(6);
        var watcher = world[5];
        watcher.Do((directory, now, request) => directory.Watch(now, request, "alice"));
        world[0].IsAlive = false;
        world.Rearrange();
        world.RunTo(31);

        world[4].Register("alice");
        world.RunTo(33);
        Assert.Single(watcher.Results, one => one.Kind == NameResultKind.Changed);
        Assert.Equal(1, world[1].Directory.WatchCount);

        watcher.IsAlive = false;
        world.RunTo(160);
        Assert.Equal(0, world[1].Directory.WatchCount);
    }

    [Fact]
    public void Watches_are_bounded()
    {
        var world = new DirectoryWorld(4, OverlayOptions.Default with { MaxNameWatches = 2 });
        for (var index = 1; index <= 2; index++)
        {
            Assert.Equal(Outcome.Done, world[index].Do((directory, now, request) => directory.Watch(now, request, "alice")).Outcome);
        }

        Assert.Equal(Outcome.Refused, world[3].Do((directory, now, request) => directory.Watch(now, request, "alice")).Outcome);
        Assert.Equal(Outcome.Done, world[1].Do((directory, now, request) => directory.Unwatch(now, request, "alice")).Outcome);
    }

    [Fact]
    public void Whoever_is_far_from_a_name_cannot_say_since_when_it_is_held()
    {
        var world = new World();
        var port = new RecordingPort(world.Contact(2));
        var placement = new FixedPlacement { Plausible = node => node == world.Contact(3).Id };
        var keeper = new NameDirectory(OverlayOptions.Default, port, placement, world.Signing(2), world.Store(2), new Prng(1));
        var now = World.At(100);
        keeper.Adopt(now, [Entry(world, owner: 4, keeper: 3, since: 50)]);

        keeper.Adopt(now, [Entry(world, owner: 5, keeper: 5, since: 1)]);
        Assert.Equal(world.Contact(4).Id, Holder());
        keeper.Adopt(now, [Entry(world, owner: 5, keeper: 3, since: 1)]);
        Assert.Equal(world.Contact(5).Id, Holder());

        Ring.RingId Holder()
        {
            keeper.OnQuestion(now, new(Ring.RingId.From(9), null, new(1)), new GetRecord(1, "alice"));
            Assert.True(keeper.TryTakeReply(now, out var reply));
            return ((RecordAnswer)reply.Payload).Entry!.Record.Owner.Id;
        }
    }

    [Fact]
    public void Who_is_new_in_its_place_says_nothing_of_names_that_it_does_not_have_and_much_of_those_it_has()
    {
        var world = new World();
        var placement = new FixedPlacement { IsSettled = false };
        var keeper = new NameDirectory(OverlayOptions.Default, new RecordingPort(world.Contact(2)), placement, world.Signing(2), world.Store(2), new Prng(1));
        var now = World.At(100);
        Payload[] questions = [new GetRecord(1, "alice"), new PutRecord(2, Entry(world, owner: 5, keeper: 3, since: 60).Record), new WatchName(3, "alice", true)];

        Assert.All(questions, question => Assert.Null(Answer(question)));
        keeper.Adopt(now, [Entry(world, owner: 4, keeper: 3, since: 50)]);
        Assert.Equal(world.Contact(4).Id, ((RecordAnswer)Answer(questions[0])!).Entry!.Record.Owner.Id);
        Assert.Equal(Outcome.NameTaken, ((RecordStored)Answer(questions[1])!).Outcome);
        Assert.NotNull(Answer(questions[2]));
        placement.IsSettled = true;
        Assert.Null(((RecordAnswer)Answer(new GetRecord(4, "bob"))!).Entry);

        Payload? Answer(Payload question)
        {
            keeper.OnQuestion(now, new(Ring.RingId.From(9), null, new(1)), question);
            return keeper.TryTakeReply(now, out var reply) ? reply.Payload : null;
        }
    }

    [Fact]
    public void Who_offers_a_name_keeps_it_until_a_majority_of_its_new_keepers_replicas_has_it()
    {
        var world = new World();
        var port = new RecordingPort(world.Contact(2));
        var placement = new FixedPlacement { Replicas = [world.Contact(6).Id, world.Contact(7).Id, world.Contact(8).Id] };
        var keeper = new NameDirectory(OverlayOptions.Default, port, placement, world.Signing(2), world.Store(2), new Prng(1));
        var entry = Entry(world, owner: 4, keeper: 3, since: 50);

        Assert.Null(Answer(entry));
        Assert.Null(Answer(entry)); // Offered again too soon.
        var copy = (Replicate)port.Sent.Where(static one => one.Payload is Replicate).Select(static one => one.Payload).First();
        Assert.Equal(3, port.Sent.Count(static one => one.Payload is Replicate));
        keeper.OnAnswer(World.At(100), world.Contact(6).Id, new Replicated(copy.Nonce, Outcome.Done));
        Assert.False(keeper.TryTakeReply(World.At(100), out _));
        keeper.OnAnswer(World.At(100), world.Contact(8).Id, new Replicated(copy.Nonce, Outcome.Done));

        Assert.True(keeper.TryTakeReply(World.At(100), out var reply));
        Assert.Equal((world.Contact(9).Id, new Replicated(1, Outcome.Done)), (reply.To.Id, reply.Payload));
        Assert.Equal(Outcome.Done, Answer(entry)); // Another holder of the same.
        Assert.Equal(Outcome.NameTaken, Answer(Entry(world, owner: 5, keeper: 3, since: 60)));

        Outcome? Answer(NameEntry offered)
        {
            keeper.OnReplicate(World.At(100), new(world.Contact(9).Id, null, new(1)), new Replicate(1, [offered]), isOffer: true);
            return keeper.TryTakeReply(World.At(100), out var answer) ? ((Replicated)answer.Payload).Outcome : null;
        }
    }

    [Fact]
    public void To_who_is_new_in_its_place_a_name_that_was_given_up_proves_nothing()
    {
        var world = new World();
        var placement = new FixedPlacement { IsSettled = false };
        var keeper = new NameDirectory(OverlayOptions.Default, new RecordingPort(world.Contact(2)), placement, world.Signing(2), world.Store(2), new Prng(1));
        var now = World.At(100);
        var givenUp = Entry(world, owner: 4, keeper: 3, since: 50, expiresAt: 0);
        keeper.Adopt(now, [givenUp]);

        Assert.Null(Answer(new GetRecord(1, "alice")));
        Assert.Null(Answer(new PutRecord(2, Entry(world, owner: 5, keeper: 3, since: 60).Record))); // Somebody may have taken it since.
        Assert.Equal(Outcome.Done, ((RecordStored)Answer(new PutRecord(3, givenUp.Record))!).Outcome); // Who gives it up once more hears that it is.
        placement.IsSettled = true;

        Assert.Equal(Outcome.Done, ((RecordStored)Answer(new PutRecord(2, Entry(world, owner: 5, keeper: 3, since: 60).Record))!).Outcome);

        Payload? Answer(Payload question)
        {
            keeper.OnQuestion(now, new(Ring.RingId.From(9), null, new(1)), question);
            return keeper.TryTakeReply(now, out var reply) ? reply.Payload : null;
        }
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 3)]
    public void What_went_to_a_child_is_handed_down_at_once_and_what_went_elsewhere_is_offered_before_long(bool isHandedDown, double after)
    {
        var world = new World();
        var port = new RecordingPort(world.Contact(2));
        var placement = new FixedPlacement { OfferAfter = TimeSpan.FromSeconds(3) };
        var keeper = new NameDirectory(OverlayOptions.Default, port, placement, world.Signing(2), world.Store(2), new Prng(1));
        keeper.Adopt(World.At(100), [Entry(world, owner: 4, keeper: 3, since: 50)]);

        (placement.Owning, placement.HandedDown) = (_ => false, _ => isHandedDown);
        keeper.PlacementChanged(World.At(101));
        while (port.SentToResponsible.Count == 0)
        {
            keeper.Advance(keeper.NextDue);
        }

        var (at, key, payload) = port.SentToResponsible[0];
        Assert.Equal((World.At(101 + after), NodeName.KeyOf("alice")), (at, key));
        keeper.OnAnswer(at, world.Contact(7).Id, new Replicated(((Replicate)payload).Nonce, Outcome.Done));
        Assert.Equal(0, keeper.RecordCount);
    }

    [Fact]
    public void Copies_for_a_keeper_that_may_have_died_are_offered_unless_it_speaks_up()
    {
        var world = new World();
        var port = new RecordingPort(world.Contact(2));
        var placement = new FixedPlacement { OfferAfter = TimeSpan.FromSeconds(3), Owning = _ => false };
        var replica = new NameDirectory(OverlayOptions.Default, port, placement, world.Signing(2), world.Store(2), new Prng(1));
        replica.OnReplicate(World.At(100), new(world.Contact(3).Id, null, new(1)), new Replicate(1, [Entry(world, owner: 4, keeper: 3, since: 50)]), isOffer: false);
        replica.Advance(replica.NextDue);
        Assert.Empty(port.SentToResponsible);

        replica.Doubt(World.At(120));
        while (port.SentToResponsible.Count == 0)
        {
            replica.Advance(replica.NextDue);
        }

        Assert.Equal(World.At(126), port.SentToResponsible[0].At);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public void Copies_for_a_keeper_that_is_dead_are_offered_at_once_unless_their_holder_inherits_them(bool inherits, int offers)
    {
        var world = new World();
        var port = new RecordingPort(world.Contact(2));
        var placement = new FixedPlacement { OfferAfter = TimeSpan.FromSeconds(0.5), Owning = _ => false };
        var replica = new NameDirectory(OverlayOptions.Default, port, placement, world.Signing(2), world.Store(2), new Prng(1));
        replica.OnReplicate(World.At(100), new(world.Contact(3).Id, null, new(1)), new Replicate(1, [Entry(world, owner: 4, keeper: 3, since: 50)]), isOffer: false);
        replica.PeerGone(World.At(101), world.Contact(5).Id);
        replica.Advance(World.At(102));
        Assert.Empty(port.SentToResponsible);

        replica.PeerGone(World.At(103), world.Contact(3).Id);
        placement.Owning = _ => inherits;
        replica.PlacementChanged(World.At(103));
        replica.Advance(World.At(103.5));

        Assert.Equal(offers, port.SentToResponsible.Count);
    }

    private static NameEntry Entry(World world, ulong owner, ulong keeper, double since, long? expiresAt = null)
    {
        var record = NameRecordSecurity.Sign(world.Signing(owner), "alice", world.Certificate(owner), 1, 1, expiresAt ?? World.At(150).UnixMilliseconds);
        return new(record, NameTenancySecurity.Sign(world.Signing(keeper), record, world.Certificate(keeper), 1, World.At(since).UnixMilliseconds, World.At(100).UnixMilliseconds));
    }
}
