using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Time;
using static Overlay.Tests.World;

namespace Overlay.Tests.Names;

public sealed class NameDirectoryTests
{
    private static readonly RequestId First = new(1);
    private static readonly RequestId Second = new(2);

    private readonly World _world = new();
    private readonly RecordingPort _port;
    private readonly NameDirectory _alice;
    private readonly NameDirectory _keeper;

    public NameDirectoryTests()
    {
        _port = new(_world.Contact(1));
        _alice = DirectoryOf(1, _port);
        _keeper = DirectoryOf(2, new(_world.Contact(2)));
    }

    [Fact]
    public void A_name_is_registered_where_its_key_lies_and_found_there()
    {
        // alice → PutRecord → keeper;  keeper → RecordStored → alice;  alice → GetRecord → keeper;  keeper → Record → alice
        _alice.Register(At(0), First, "Alice");
        var (_, key, payload) = Assert.Single(_port.SentToResponsible);
        Assert.Equal(NodeName.KeyOf("alice"), key);
        _alice.OnAnswer(At(0.1), Keeper, Ask(_keeper, At(0.1), payload));
        Assert.Equal((First, Outcome.Done), Single(_alice));

        _alice.Resolve(At(1), Second, "alice");
        _alice.OnAnswer(At(1), Keeper, Ask(_keeper, At(1), _port.SentToResponsible[^1].Payload));

        Assert.True(_alice.TryTakeResult(out var result));
        Assert.Equal((Second, Outcome.Done), (result.Request, result.Outcome));
        Assert.Equal((_port.Self.Id, "alice"), (result.Entry!.Record.Owner.Id, result.Entry.Record.Name));
        Assert.Equal(1, _keeper.RecordCount);
    }

    [Theory]
    [InlineData("0123456789ab")]
    [InlineData("no name")]
    public void What_is_no_name_is_refused_at_once(string text)
    {
        _alice.Register(At(0), First, text);
        _alice.Resolve(At(0), Second, text);

        Assert.Equal([(First, Outcome.Refused), (Second, Outcome.Refused)], Results(_alice));
        Assert.Empty(_port.SentToResponsible);
    }

    [Fact]
    public void A_name_nobody_registered_is_unknown()
    {
        _alice.Resolve(At(0), First, "bob");

        _alice.OnAnswer(At(0), Keeper, Ask(_keeper, At(0), _port.SentToResponsible[^1].Payload));

        Assert.Equal((First, Outcome.NameUnknown), Single(_alice));
    }

    [Fact]
    public void The_first_registration_stands_while_it_is_refreshed()
    {
        Assert.Equal(Outcome.Done, Put(At(0), Record(At(0), owner: 3)));

        Assert.Equal(Outcome.NameTaken, Put(At(1), Record(At(1), owner: 4)));
        Assert.Equal(Outcome.Done, Put(At(80), Record(At(80), owner: 3, sequence: 2)));
        Assert.Equal(Outcome.NameTaken, Put(At(100), Record(At(100), owner: 4)));
    }

    [Fact]
    public void After_three_missed_refreshes_a_name_lapses_and_stays_reserved_for_its_key_for_a_week()
    {
        Put(At(0), Record(At(0), owner: 3));
        var week = TimeSpan.FromDays(7).TotalSeconds;

        Assert.NotNull(Get(At(89.9)));
        Assert.Null(Get(At(90)));
        Assert.Equal(Outcome.NameTaken, Put(At(90), Record(At(90), owner: 4)));
        Assert.Equal(Outcome.NameTaken, Put(At(week), Record(At(week), owner: 4)));
        Assert.Equal(Outcome.Done, Put(At(week + 1), Record(At(week + 1), owner: 3, sequence: 2)));
        Assert.Equal(2, Get(At(week + 1))!.Tenancy.Epoch);
    }

    [Fact]
    public void When_the_reservation_is_over_anybody_may_take_the_name()
    {
        Put(At(0), Record(At(0), owner: 3));

        var due = _keeper.NextDue;
        for (; due != Instant.Never && due < At(TimeSpan.FromDays(8).TotalSeconds); due = _keeper.NextDue)
        {
            _keeper.Advance(due);
        }

        Assert.Equal((0, Instant.Never), (_keeper.RecordCount, due));
        Assert.Equal(Outcome.Done, Put(At(TimeSpan.FromDays(8).TotalSeconds), Record(At(TimeSpan.FromDays(8).TotalSeconds), owner: 4)));
    }

    [Fact]
    public void A_name_that_was_given_up_is_free_and_its_next_holder_has_a_higher_epoch_and_a_later_start()
    {
        Put(At(0), Record(At(0), owner: 3));
        var first = Get(At(1))!.Tenancy;

        Assert.Equal(Outcome.Done, Put(At(5), Released(3, sequence: 2)));
        Assert.Null(Get(At(5)));
        Assert.Equal(Outcome.Done, Put(At(5), Record(At(5), owner: 4)));

        var second = Get(At(6))!.Tenancy;
        Assert.Equal((1L, 2L), (first.Epoch, second.Epoch));
        Assert.True(second.Since > At(5).UnixMilliseconds);
    }

    [Fact]
    public void Refreshes_go_on_with_epoch_and_start()
    {
        Put(At(0), Record(At(0), owner: 3));
        Put(At(30), Record(At(30), owner: 3, sequence: 2));

        var tenancy = Get(At(31))!.Tenancy;
        Assert.Equal((1L, At(0).UnixMilliseconds, At(30).UnixMilliseconds), (tenancy.Epoch, tenancy.Since, tenancy.Through));
    }

    [Fact]
    public void Of_one_key_the_newest_record_wins_and_an_overtaken_one_changes_nothing()
    {
        Put(At(0), Record(At(0), owner: 3, instance: 2, sequence: 1));

        Assert.Equal(Outcome.Done, Put(At(1), Record(At(1), owner: 3, instance: 1, sequence: 9)));
        Assert.Equal(2, Get(At(1))!.Record.Instance);
        Assert.Equal(Outcome.Done, Put(At(1), Record(At(1), owner: 3, instance: 2, sequence: 2)));
        Assert.Equal(2, Get(At(1))!.Record.Sequence);
    }

    [Fact]
    public void A_record_that_is_not_true_is_refused()
    {
        var record = Record(At(0), owner: 3);
        NameRecord[] untrue =
        [
            record with { Name = "alicf" },
            record with { Name = "Alice" },
            record with { Owner = _world.Certificate(4) },
            record with { ExpiresAt = record.ExpiresAt + 1 },
            record with { Signature = new byte[64] },
            Record(At(3600), owner: 3), // expires too far ahead
            Record(At(-3600), owner: 3), // expired long ago
            NameRecordSecurity.Sign(new World(2).Signing(3), "alice", new World(2).Certificate(3), 1, 1, At(90).UnixMilliseconds), // another network's
        ];

        foreach (var one in untrue)
        {
            Assert.Equal(Outcome.Refused, Put(At(0), one));
        }

        Assert.Equal(0, _keeper.RecordCount);
    }

    [Fact]
    public void Clocks_that_differ_by_minutes_do_no_harm()
    {
        Assert.Equal(Outcome.Done, Put(At(0), Record(At(-200), owner: 3)));
        Assert.NotNull(Get(At(80)));
        Assert.Equal(Outcome.Done, Put(At(85), Record(At(285), owner: 3, sequence: 2)));
        Assert.Null(Get(At(176)));
    }

    [Fact]
    public void A_full_directory_refuses_new_names_and_refreshes_old_ones()
    {
        var keeper = DirectoryOf(2, _port, OverlayOptions.Default with { MaxRecords = 2 });
        foreach (var name in new[] { "a", "b" })
        {
            Assert.Equal(Outcome.Done, ((RecordStored)Ask(keeper, At(0), new PutRecord(1, Record(At(0), owner: 3, name: name)))).Outcome);
        }

        Assert.Equal(Outcome.Refused, ((RecordStored)Ask(keeper, At(0), new PutRecord(1, Record(At(0), owner: 3, name: "c")))).Outcome);
        Assert.Equal(Outcome.Done, ((RecordStored)Ask(keeper, At(1), new PutRecord(1, Record(At(1), owner: 3, name: "a", sequence: 2)))).Outcome);
    }

    [Fact]
    public void A_name_is_refreshed_every_period_with_a_higher_sequence()
    {
        Registered();

        Run(_alice, At(95), answer: true);

        var puts = _port.SentToResponsible.Select(sent => (sent.At, ((PutRecord)sent.Payload).Record.Sequence));
        Assert.Equal([(At(0), 1L), (At(30), 2L), (At(60), 3L), (At(90), 4L)], puts);
        Assert.Empty(Results(_alice));
    }

    [Fact]
    public void A_refresh_without_an_answer_is_repeated_until_there_is_one()
    {
        Registered();

        Run(_alice, At(40), answer: false);
        Assert.Equal([At(0), At(30), At(33), At(36), At(39)], _port.SentToResponsible.Select(sent => sent.At));
        var last = (PutRecord)_port.SentToResponsible[^1].Payload;
        _alice.OnAnswer(At(40), Keeper, new RecordStored(last.Nonce, Outcome.Done, TenancyOf(last.Record)));

        Assert.Equal(At(69), _alice.NextDue);
    }

    [Fact]
    public void A_registration_without_an_answer_times_out_and_leaves_nothing_behind()
    {
        _alice.Register(At(0), First, "alice");

        Run(_alice, At(60), answer: false);

        Assert.Equal((First, Outcome.TimedOut), Single(_alice));
        Assert.Equal(5, _port.SentToResponsible.Count);
        Assert.Equal(0, ((PutRecord)_port.SentToResponsible[^1].Payload).Record.ExpiresAt); // What half arrived is given up.
        Assert.Equal(Instant.Never, _alice.NextDue);
    }

    [Theory]
    [InlineData(Outcome.NameTaken, Outcome.NameTaken)]
    [InlineData(Outcome.Refused, Outcome.Refused)]
    public void A_registration_that_is_turned_down_ends(Outcome answer, Outcome expected)
    {
        _alice.Register(At(0), First, "alice");

        _alice.OnAnswer(At(1), Keeper, new RecordStored(((PutRecord)_port.SentToResponsible[0].Payload).Nonce, answer, null));

        Assert.Equal((First, expected), Single(_alice));
        Assert.Equal(Instant.Never, _alice.NextDue);
    }

    [Fact]
    public void An_answer_with_another_nonce_is_none()
    {
        _alice.Register(At(0), First, "alice");
        _alice.Resolve(At(0), Second, "alice");

        _alice.OnAnswer(At(1), Keeper, new RecordStored(1, Outcome.Done, TenancyOf(Record(At(0), owner: 1))));
        _alice.OnAnswer(At(1), Keeper, new RecordAnswer(1, null));

        Assert.Empty(Results(_alice));
    }

    [Fact]
    public void A_name_that_another_key_took_meanwhile_is_reported_lost_once_its_keeper_has_said_so_three_times()
    {
        Registered();
        Run(_alice, At(30), answer: false);

        Take(At(31));
        Assert.Empty(Results(_alice));
        Run(_alice, At(36), answer: false);
        Take(At(36));
        Assert.Empty(Results(_alice));
        Run(_alice, At(41), answer: false);
        Take(At(41));

        Assert.Equal((default, Outcome.NameTaken), Single(_alice));
        Assert.Equal(Instant.Never, _alice.NextDue);
    }

    /// <summary>While rings merge, a new keeper may have heard of the other side's record only; a moment later it knows both, and who was first.</summary>
    [Fact]
    public void A_name_that_was_said_to_be_anothers_before_both_records_had_come_together_is_not_lost()
    {
        Registered();
        Run(_alice, At(30), answer: false);
        Take(At(31));

        Run(_alice, At(36), answer: true);

        Assert.Empty(Results(_alice));
        Assert.True(_alice.NextDue > At(41));
    }

    [Fact]
    public void A_question_is_asked_again_and_times_out()
    {
        _alice.Resolve(At(0), First, "bob");

        Run(_alice, At(60), answer: false);

        Assert.Equal((First, Outcome.TimedOut), Single(_alice));
        Assert.Equal(4, _port.SentToResponsible.Count);
    }

    [Fact]
    public void A_forged_answer_is_no_answer()
    {
        _alice.Resolve(At(0), First, "alice");
        var nonce = ((GetRecord)_port.SentToResponsible[0].Payload).Nonce;

        foreach (var forged in new[]
        {
            EntryOf(Record(At(0), owner: 3, name: "bob")),
            EntryOf(Record(At(0), owner: 3) with { Instance = 9 }),
            EntryOf(Record(At(0), owner: 3)) with { Tenancy = TenancyOf(Record(At(0), owner: 4)) },
            EntryOf(Released(3)),
        })
        {
            _alice.OnAnswer(At(0), Keeper, new RecordAnswer(nonce, forged));
            Assert.Empty(Results(_alice));
        }

        _alice.OnAnswer(At(0), Keeper, new RecordAnswer(nonce, EntryOf(Record(At(0), owner: 3))));

        Assert.Equal((First, Outcome.Done), Single(_alice));
    }

    [Fact]
    public void Questions_and_own_names_are_bounded()
    {
        for (var i = 0; i <= NameDirectory.MaxQuestions; i++)
        {
            _alice.Resolve(At(0), First, "bob");
        }

        for (var i = 0; i <= NameDirectory.MaxOwnNames; i++)
        {
            _alice.Register(At(0), Second, $"n{i}");
        }

        Assert.Equal([(First, Outcome.Busy), (Second, Outcome.Busy)], Results(_alice));
    }

    [Fact]
    public void A_leaver_gives_its_names_up_at_once()
    {
        Registered();

        _alice.Release(At(5));
        var put = (PutRecord)_port.SentToResponsible[^1].Payload;

        Assert.Equal(Outcome.Done, Put(At(5), put.Record));
        Assert.Null(Get(At(5)));
        Assert.Equal(Outcome.Done, Put(At(5), Record(At(5), owner: 4)));
        Assert.Equal(Instant.Never, _alice.NextDue);
    }

    [Fact]
    public void Records_move_with_their_arc_in_slices_and_none_is_lost()
    {
        var names = Enumerable.Range(0, 57).Select(i => $"name{i}").ToArray();
        foreach (var name in names)
        {
            Put(At(0), Record(At(0), owner: 3, name: name));
        }

        var whole = RingArc.Between(RingId.From(1UL << 47), RingId.From(1UL << 46)); // three quarters of the circle, across 0
        var inside = names.Where(name => whole.Contains(NodeName.KeyOf(name))).ToHashSet();
        Assert.InRange(inside.Count, 20, 56);
        var other = DirectoryOf(5, new(_world.Contact(5)));
        var rest = whole;
        var moved = 0;
        while (true)
        {
            var slice = new List<NameEntry>();
            var begin = _keeper.CopyUpper(rest, 10, slice);
            var part = RingArc.Between(begin, rest.UpTo);
            Assert.All(slice, record => Assert.True(part.Contains(NodeName.KeyOf(record.Record.Name))));
            other.Adopt(At(1), slice);
            moved += slice.Count;
            if (begin == rest.After)
            {
                break;
            }

            rest = RingArc.Between(rest.After, begin);
        }

        Assert.Equal(inside.Count, moved);
        Assert.Equal(inside.Count, other.RecordCount);
        Assert.All(inside, name => Assert.NotNull(((RecordAnswer)Ask(other, At(1), new GetRecord(1, name))).Entry));
    }

    [Fact]
    public void A_copy_handed_on_for_ever_lapses_all_the_same()
    {
        Put(At(0), Record(At(0), owner: 3));
        var entry = Get(At(0))!;
        var time = 0.0;
        while (true)
        {
            var next = DirectoryOf(5, new(_world.Contact(5)));
            next.Adopt(At(time), [entry]);
            if (((RecordAnswer)Ask(next, At(time), new GetRecord(1, "alice"))).Entry is null)
            {
                break;
            }

            Assert.True(time < 1000);
            time += 30;
        }

        Assert.InRange(time, 390, 480); // its life of 90 s, and five minutes of tolerance
    }

    [Fact]
    public void An_owner_has_no_more_than_its_share_of_a_keepers_room()
    {
        for (var i = 0; i < 256; i++)
        {
            Assert.Equal(Outcome.Done, Put(At(0), Record(At(0), owner: 3, name: $"n{i}")));
        }

        Assert.Equal(Outcome.Refused, Put(At(0), Record(At(0), owner: 3, name: "one.more")));
        Assert.Equal(Outcome.Done, Put(At(0), Record(At(0), owner: 4, name: "one.more")));
    }

    [Fact]
    public void A_full_directory_forgets_what_was_given_up_first_then_what_has_lapsed_and_never_what_lives()
    {
        var keeper = DirectoryOf(2, _port, OverlayOptions.Default with { MaxRecords = 3 });
        Ask(keeper, At(0), new PutRecord(1, Record(At(0), owner: 3, name: "lapsed")));
        Ask(keeper, At(100), new PutRecord(1, Record(At(100), owner: 3, name: "given.up")));
        Ask(keeper, At(100), new PutRecord(1, Released(3, "given.up", sequence: 2)));
        Ask(keeper, At(100), new PutRecord(1, Record(At(100), owner: 3, name: "alive")));

        Assert.Equal(Outcome.Done, PutNew("d"));
        Assert.Equal(Outcome.NameTaken, ((RecordStored)Ask(keeper, At(100), new PutRecord(1, Record(At(100), owner: 4, name: "lapsed")))).Outcome);
        Assert.Equal(Outcome.Done, PutNew("e"));
        Assert.Equal(Outcome.Refused, PutNew("f"));
        Assert.NotNull(((RecordAnswer)Ask(keeper, At(100), new GetRecord(1, "alive"))).Entry);

        Outcome PutNew(string name) => ((RecordStored)Ask(keeper, At(100), new PutRecord(1, Record(At(100), owner: 4, name: name)))).Outcome;
    }

    [Fact]
    public void Unregistering_gives_the_name_up()
    {
        Registered();

        _alice.Unregister(At(5), Second, "ALICE");
        _alice.OnAnswer(At(5), Keeper, Ask(_keeper, At(5), _port.SentToResponsible[^1].Payload));
        _alice.Unregister(At(6), First, "alice");

        Assert.Equal([(Second, Outcome.Done), (First, Outcome.NameUnknown)], Results(_alice));
        Assert.Null(Get(At(5)));
        Assert.Equal(Instant.Never, _alice.NextDue);
    }

    [Fact]
    public void A_hint_that_a_name_has_changed_makes_its_owner_ask_and_nothing_else()
    {
        Registered();

        for (var i = 0; i < 100; i++)
        {
            _alice.OnAnswer(At(10), Keeper, new NameChanged("alice"));
        }

        Assert.Equal(At(10), _alice.NextDue);
        _alice.Advance(At(10));
        _alice.OnAnswer(At(10), Keeper, Ask(_keeper, At(10), _port.SentToResponsible[^1].Payload));
        _alice.OnAnswer(At(10.1), Keeper, new NameChanged("alice"));

        Assert.Equal(At(11), _alice.NextDue); // Once a second at the most.
        Assert.Empty(Results(_alice));
        Assert.Equal(2, _port.SentToResponsible.Count);
    }

    private NameDirectory DirectoryOf(ulong index, RecordingPort port, OverlayOptions? options = null) =>
        new(options ?? OverlayOptions.Default, port, new FixedPlacement { Owning = _ => index != 1 }, _world.Signing(index), _world.Store(index), new Prng(index));

    private RingId Keeper => _world.Contact(2).Id;

    private NameEntry? Get(Instant now) => ((RecordAnswer)Ask(_keeper, now, new GetRecord(1, "alice"))).Entry;

    private NameRecord Released(ulong owner, string name = "alice", long sequence = 1) =>
        NameRecordSecurity.Sign(_world.Signing(owner), name, _world.Certificate(owner), 1, sequence, expiresAt: 0);

    private NameTenancy TenancyOf(NameRecord record) =>
        NameTenancySecurity.Sign(_world.Signing(2), record, _world.Certificate(2), 1, At(0).UnixMilliseconds, At(0).UnixMilliseconds);

    private NameEntry EntryOf(NameRecord record) => new(record, TenancyOf(record));

    private static Payload Ask(NameDirectory keeper, Instant now, Payload question)
    {
        keeper.OnQuestion(now, new(RingId.From(9), null, new(1)), question);
        Assert.True(keeper.TryTakeReply(now, out var reply));
        return reply.Payload;
    }

    private NameRecord Record(Instant at, ulong owner, string name = "alice", long instance = 1, long sequence = 1) =>
        NameRecordSecurity.Sign(_world.Signing(owner), name, _world.Certificate(owner), instance, sequence, at.UnixMilliseconds + 90_000);

    private Outcome Put(Instant now, NameRecord record) => ((RecordStored)Ask(_keeper, now, new PutRecord(1, record))).Outcome;

    private void Registered()
    {
        _alice.Register(At(0), First, "alice");
        _alice.OnAnswer(At(0), Keeper, Ask(_keeper, At(0), _port.SentToResponsible[0].Payload));
        Assert.Equal((First, Outcome.Done), Single(_alice));
    }

    private void Take(Instant now) =>
        _alice.OnAnswer(now, Keeper, new RecordStored(((PutRecord)_port.SentToResponsible[^1].Payload).Nonce, Outcome.NameTaken, null));

    private void Run(NameDirectory directory, Instant until, bool answer)
    {
        for (var due = directory.NextDue; due <= until; due = directory.NextDue)
        {
            directory.Advance(due);
            if (answer && _port.SentToResponsible[^1] is { Payload: PutRecord put } && put.Record.Sequence > 0)
            {
                directory.OnAnswer(due, Keeper, Ask(_keeper, due, put));
            }
        }
    }

    private static (RequestId Request, Outcome Outcome) Single(NameDirectory directory) => Assert.Single(Results(directory));

    private static List<(RequestId Request, Outcome Outcome)> Results(NameDirectory directory)
    {
        var results = new List<(RequestId, Outcome)>();
        while (directory.TryTakeResult(out var result))
        {
            results.Add((result.Request, result.Outcome));
        }

        return results;
    }
}
