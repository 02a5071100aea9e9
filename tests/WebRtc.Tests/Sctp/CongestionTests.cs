using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>The two estimators: how much may be under way, and how long to wait.</summary>
public sealed class CongestionTests
{
    private readonly CongestionControl _congestion = new(packetBytes: 1_000, initialWindowPackets: 10) { IsLimiting = true };
    private readonly RetransmissionTimeout _timeout = new(new SctpOptions());

    [Fact]
    public void Growth_in_slow_start_is_bounded_by_what_was_acknowledged_and_by_two_packets()
    {
        _congestion.Acknowledged(300, cumulativeAdvanced: true);
        Assert.Equal(10_300, _congestion.Window);
        _congestion.Acknowledged(50_000, cumulativeAdvanced: true);
        Assert.Equal(12_300, _congestion.Window);
        _congestion.Acknowledged(1_000, cumulativeAdvanced: false);
        Assert.Equal(12_300, _congestion.Window);
    }

    [Fact]
    public void Growth_in_congestion_avoidance_is_one_packet_a_window()
    {
        _congestion.EnterFastRecovery(new Tsn(100));
        _congestion.CumulativeAckReached(new Tsn(100));
        Assert.Equal(5_000, _congestion.Window);
        _congestion.Acknowledged(1_000, cumulativeAdvanced: true); // At the threshold it is still slow start.
        Assert.Equal(6_000, _congestion.Window);

        for (var i = 0; i < 5; i++)
        {
            _congestion.Acknowledged(1_000, cumulativeAdvanced: true);
        }

        Assert.Equal(6_000, _congestion.Window);
        _congestion.Acknowledged(1_000, cumulativeAdvanced: true);
        Assert.Equal(7_000, _congestion.Window);
    }

    [Fact]
    public void Fast_recovery_lasts_until_everything_sent_before_it_is_acknowledged()
    {
        _congestion.EnterFastRecovery(new Tsn(5));
        _congestion.Acknowledged(5_000, cumulativeAdvanced: true);
        Assert.Equal(5_000, _congestion.Window);

        _congestion.CumulativeAckReached(new Tsn(4));
        Assert.True(_congestion.InFastRecovery);
        _congestion.CumulativeAckReached(new Tsn(5));
        Assert.False(_congestion.InFastRecovery);
    }

    [Fact]
    public void The_window_falls_to_no_less_than_four_packets_by_losses_and_to_one_by_a_timeout()
    {
        for (uint i = 0; i < 10; i++)
        {
            _congestion.EnterFastRecovery(new Tsn(i));
        }

        Assert.Equal(4_000, _congestion.Window);
        _congestion.TimedOut();
        Assert.Equal((1_000, 4_000), (_congestion.Window, _congestion.SlowStartThreshold));
        Assert.False(_congestion.InFastRecovery);
    }

    [Fact]
    public void An_idle_window_shrinks_to_what_a_new_one_would_be()
    {
        for (var i = 0; i < 40; i++)
        {
            _congestion.Acknowledged(2_000, cumulativeAdvanced: true);
        }

        Assert.Equal(90_000, _congestion.Window);
        _congestion.Idled(TimeSpan.FromMilliseconds(900), TimeSpan.FromMilliseconds(500));
        Assert.Equal(45_000, _congestion.Window);
        _congestion.Idled(TimeSpan.FromDays(1), TimeSpan.FromMilliseconds(500));
        Assert.Equal(10_000, _congestion.Window);
    }

    [Fact]
    public void The_timeout_follows_the_round_trip_with_room_for_a_delayed_answer()
    {
        Assert.Equal(500, _timeout.Value.TotalMilliseconds);
        _timeout.Measure(TimeSpan.FromMilliseconds(10));
        Assert.Equal(300, _timeout.Value.TotalMilliseconds); // RTO min.

        for (var i = 0; i < 100; i++)
        {
            _timeout.Measure(TimeSpan.FromMilliseconds(300));
        }

        Assert.InRange(_timeout.Value.TotalMilliseconds, 499, 501); // 300 + the 200 a SACK may be delayed.
        Assert.InRange(_timeout.Smoothed.TotalMilliseconds, 299, 301);
    }

    [Fact]
    public void A_first_measurement_counts_three_times_and_a_wild_one_widens_the_margin()
    {
        _timeout.Measure(TimeSpan.FromMilliseconds(400));
        Assert.Equal(1_200, _timeout.Value.TotalMilliseconds); // RFC 6298 §2.2: R + 4 · R/2.

        _timeout.Measure(TimeSpan.FromMilliseconds(1_200));
        Assert.Equal(500 + (4 * ((200 * 3) + 800) / 4), _timeout.Value.TotalMilliseconds);
    }

    [Fact]
    public void Back_off_doubles_up_to_the_bound_and_ends_with_a_measurement()
    {
        _timeout.BackOff();
        Assert.Equal(1_000, _timeout.Value.TotalMilliseconds);
        for (var i = 0; i < 50; i++)
        {
            _timeout.BackOff();
        }

        Assert.Equal(3_000, _timeout.Value.TotalMilliseconds);
        _timeout.Measure(TimeSpan.FromMilliseconds(50));
        Assert.Equal(300, _timeout.Value.TotalMilliseconds);
        _timeout.Measure(TimeSpan.FromMilliseconds(-50));
        Assert.Equal(300, _timeout.Value.TotalMilliseconds);
    }
}
