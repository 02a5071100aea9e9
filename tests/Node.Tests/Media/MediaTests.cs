using System.Text;
using Overlay.Nodes.Media;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Media;

/// <summary>Streams of encoded frames, and the engine that makes them.</summary>
public sealed class MediaTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_without_an_engine_says_so()
    {
        await using var node = await Node.StartAsync(cancellationToken: Cancelled);

        var pattern = await Assert.ThrowsAsync<OverlayException>(() => node.Media.CreateTestPatternAsync(Cancelled).AsTask());
        var file = await Assert.ThrowsAsync<OverlayException>(() => node.Media.OpenContainerAsync(Stream.Null, MediaContainer.WebM, Cancelled).AsTask());

        Assert.Equal((OverlayError.MediaUnavailable, OverlayError.MediaUnavailable), (pattern.Reason, file.Reason));
        Assert.Contains("NodeOptions.Media", pattern.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_nodes_engine_is_the_one_of_its_options()
    {
        var engine = new Counting();
        await using var node = await Node.StartAsync(new NodeOptions { Media = engine }, Cancelled);

        var stream = await node.Media.CreateTestPatternAsync(Cancelled);
        var frames = stream.Tracks[0].ReadFramesAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        var first = frames.MoveNextAsync();
        await stream.DisposeAsync();
        await stream.DisposeAsync();

        Assert.Equal(("pattern", 1), (stream.Id, engine.Stopped));
        Assert.False(await first);
    }

    [Fact]
    public async Task Every_reader_of_a_track_gets_all_frames_from_its_first_key_frame_on()
    {
        var track = new MediaTrack("1", MediaKind.Video, "VP8");
        var early = Begin(track);
        Write(track, "a", isKey: false);
        Write(track, "B", isKey: true);
        Write(track, "c", isKey: false);
        var late = Begin(track);
        Write(track, "d", isKey: false);
        Write(track, "E", isKey: true);
        track.End();

        Assert.Equal("BcdE", await early);
        Assert.Equal("E", await late);
        Assert.Equal("", await Begin(track));
        Assert.Equal(0, track.LostFrames);
    }

    [Fact]
    public async Task A_reader_that_pauses_loses_frames_up_to_the_next_key_frame_and_holds_up_nobody()
    {
        var track = new MediaTrack("1", MediaKind.Video, "VP8");
        await using var pausing = track.ReadFramesAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        var first = pausing.MoveNextAsync();
        Write(track, "K", isKey: true);
        Assert.True(await first);

        for (var written = 0; written < MediaTrack.MaxAhead + 10; written++)
        {
            Write(track, "x", isKey: false);
        }

        var seen = new StringBuilder();
        for (var read = 0; read < MediaTrack.MaxAhead; read++)
        {
            Assert.True(await pausing.MoveNextAsync());
            seen.Append(Encoding.UTF8.GetString(pausing.Current.Payload.Span));
        }

        Write(track, "y", isKey: false);
        Write(track, "L", isKey: true);
        Assert.True(await pausing.MoveNextAsync());

        Assert.Equal(new string('x', MediaTrack.MaxAhead), seen.ToString());
        Assert.Equal("L", Encoding.UTF8.GetString(pausing.Current.Payload.Span));
        Assert.Equal(11, track.LostFrames);
    }

    [Fact]
    public async Task Readers_hear_why_a_track_broke_off_and_a_writer_that_it_ended()
    {
        var track = new MediaTrack("1", MediaKind.Audio, "opus");
        var reading = Begin(track);

        track.End(new OverlayException(OverlayError.ChannelLost, "gone"));
        track.End();

        Assert.Equal(OverlayError.ChannelLost, (await Assert.ThrowsAsync<OverlayException>(() => reading)).Reason);
        Assert.Equal(OverlayError.ChannelLost, (await Assert.ThrowsAsync<OverlayException>(() => Begin(track))).Reason);
        Assert.False(Write(track, "a", isKey: true));
    }

    [Fact]
    public void A_stream_has_tracks_that_can_be_told_apart()
    {
        var track = new MediaTrack("1", MediaKind.Audio, "opus");

        Assert.Throws<ArgumentException>(() => new MediaStream("s", []));
        Assert.Throws<ArgumentException>(() => new MediaStream("s", [track, new MediaTrack("1", MediaKind.Video, "VP8")]));
        Assert.Throws<ArgumentException>(() => new MediaStream("", [track]));
    }

    private static bool Write(MediaTrack track, string payload, bool isKey) => track.Write(new EncodedFrame(Encoding.UTF8.GetBytes(payload), TimeSpan.Zero, isKey));

    /// <summary>Reads from now on; what it read when the track ends.</summary>
    private static async Task<string> Begin(MediaTrack track)
    {
        var seen = new StringBuilder();
        await foreach (var frame in track.ReadFramesAsync(Cancelled))
        {
            seen.Append(Encoding.UTF8.GetString(frame.Payload.Span));
        }

        return seen.ToString();
    }

    /// <summary>An engine that makes a stream of one silent track.</summary>
    private sealed class Counting : INodeMedia
    {
        public int Stopped { get; private set; }

        public ValueTask<MediaStream> CreateTestPatternAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(new MediaStream(
            "pattern",
            [new MediaTrack("1", MediaKind.Video, "VP8")],
            () =>
            {
                Stopped++;
                return ValueTask.CompletedTask;
            }));

        public ValueTask<MediaStream> OpenContainerAsync(Stream source, MediaContainer container, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
