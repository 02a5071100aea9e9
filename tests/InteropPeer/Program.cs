using Overlay.InteropPeer;

if (!Arguments.TryParse(args, out var arguments, out var error))
{
    await Console.Error.WriteLineAsync($"{error}{Environment.NewLine}{Arguments.Usage}");
    return 2;
}

using var output = new JsonOutput(Console.OpenStandardOutput());
using var wake = new WakeSocket();
var input = new InputLines(Console.In, wake);
input.Start();
try
{
    using var host = new PeerHost(arguments, input, output, wake);
    host.Run();
    return 0;
}
catch (Overlay.WebRtc.Dtls.DtlsLibraryException missing)
{
    output.Error(missing.Message);
    return 2;
}
