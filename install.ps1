#Requires -Version 5.1
<#
.SYNOPSIS
Installs, upgrades and removes the agent for Oomnitza on Windows.

.DESCRIPTION
Run it in a PowerShell that was started as administrator. See docs/install.md.

.EXAMPLE
.\install.ps1 -Url https://example.com/agent/0.1.0 -Service

.EXAMPLE
.\install.ps1 -From .\agent-windows-x64.exe

.EXAMPLE
.\install.ps1 -Uninstall
#>
[CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'Url')]
param(
    # The folder of a release: the program and SHA256SUMS are fetched from there.
    [Parameter(ParameterSetName = 'Url')]
    [string] $Url = $env:AGENT_URL,
    # The proxy for that, as http://host:port: SYSTEM has none of its own.
    [Parameter(ParameterSetName = 'Url')]
    [string] $Proxy,
    # A program file that is already here, with SHA256SUMS beside it.
    [Parameter(ParameterSetName = 'From', Mandatory)]
    [string] $From,
    # The sum that the program must have, instead of SHA256SUMS.
    [Parameter(ParameterSetName = 'Url')]
    [Parameter(ParameterSetName = 'From')]
    [string] $Sha256,
    # A public key of minisign: SHA256SUMS must be signed with it, as SHA256SUMS.minisig. Needs minisign.
    [Parameter(ParameterSetName = 'Url')]
    [Parameter(ParameterSetName = 'From')]
    [string] $PublicKey,
    # Refuses a program without a valid Authenticode signature.
    [Parameter(ParameterSetName = 'Url')]
    [Parameter(ParameterSetName = 'From')]
    [switch] $RequireSignature,
    # Registers the service, too.
    [Parameter(ParameterSetName = 'Url')]
    [Parameter(ParameterSetName = 'From')]
    [switch] $Service,
    # The account of the service, as DOMAIN\name; one that is registered stays unless it is named.
    [Parameter(ParameterSetName = 'Url')]
    [Parameter(ParameterSetName = 'From')]
    [string] $User,
    # The port of the service.
    [Parameter(ParameterSetName = 'Url')]
    [Parameter(ParameterSetName = 'From')]
    [int] $Port,
    # The state file of the service.
    [Parameter(ParameterSetName = 'Url')]
    [Parameter(ParameterSetName = 'From')]
    [string] $State,
    # The configuration file, written when it is not there.
    [string] $Config,
    # The folder of the program.
    [string] $Prefix,
    # A file that keeps all that the script says.
    [string] $LogPath,
    # Removes the service and the program.
    [Parameter(ParameterSetName = 'Uninstall', Mandatory)]
    [switch] $Uninstall,
    # Also removes configuration, state and logs.
    [Parameter(ParameterSetName = 'Uninstall')]
    [switch] $Purge
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
# Older versions of Windows offer no protocol that a server of today would take; 0 is what newer ones choose.
if ([Net.ServicePointManager]::SecurityProtocol -ne 0) {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor 3072
}

# The path that PowerShell means: started programs have another working directory.
function Resolve-FullPath {
    param([string] $Path)

    return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
}

$file = 'agent-windows-x64.exe'
$serviceName = 'OomnitzaAgent'
$system = [Environment]::SystemDirectory
# In a PowerShell of 32 bits, as Intune starts one, ProgramFiles is another folder.
$programFiles = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$data = Join-Path $env:ProgramData 'Oomnitza Agent'
$PrefixNamed = [bool] $Prefix
$ConfigNamed = [bool] $Config
$Prefix = if ($Prefix) { Resolve-FullPath -Path $Prefix } else { Join-Path $programFiles 'Oomnitza Agent' }
$Config = if ($Config) { Resolve-FullPath -Path $Config } else { Join-Path $data 'config.ini' }
$From = if ($From) { Resolve-FullPath -Path $From } else { '' }
$PublicKey = if ($PublicKey) { Resolve-FullPath -Path $PublicKey } else { '' }
$State = if ($State) { Resolve-FullPath -Path $State } else { '' }
$LogPath = if ($LogPath) { Resolve-FullPath -Path $LogPath } else { '' }
$program = Join-Path $Prefix 'agent.exe'
$fresh = Join-Path $Prefix 'agent.new.exe'
$old = Join-Path $Prefix 'agent.old.exe'
$copy = Join-Path $Prefix 'install.ps1'
$entry = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\Oomnitza Agent'
$environment = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'

function Test-Administrator {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal $identity
    return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# Runs a program, for up to so many seconds, and gives its exit code and its output.
function Invoke-Program {
    param([string] $Path, [string] $Arguments, [int] $Seconds = 120)

    $start = New-Object Diagnostics.ProcessStartInfo
    $start.FileName = $Path
    $start.Arguments = $Arguments
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    try {
        $process = [Diagnostics.Process]::Start($start)
    }
    catch {
        return @{ Code = 127; Text = $_.Exception.Message }
    }
    $output = $process.StandardOutput.ReadToEndAsync()
    $errors = $process.StandardError.ReadToEndAsync()
    if (-not $process.WaitForExit($Seconds * 1000)) {
        $process.Kill()
        return @{ Code = 124; Text = "it took longer than $Seconds seconds" }
    }
    return @{ Code = $process.ExitCode; Text = ($output.Result + $errors.Result).Trim() }
}

# What a program says of its version; throws when it says none.
function Get-AgentVersion {
    param([string] $Path)

    $result = Invoke-Program -Path $Path -Arguments 'version' -Seconds 60
    if ($result.Code -ne 0 -or $result.Text -notmatch '^agent \d') {
        throw "it does not answer: $($result.Text)"
    }
    return $result.Text
}

# Runs the agent; throws with its words when it does not succeed.
function Invoke-Agent {
    param([string] $Arguments)

    $result = Invoke-Program -Path $program -Arguments $Arguments
    if ($result.Code -ne 0) {
        throw "agent $Arguments did not work: $($result.Text)"
    }
    if ($result.Text) {
        Write-Verbose $result.Text
    }
}

function Get-AgentService {
    return Get-Service -Name $serviceName -ErrorAction SilentlyContinue
}

# Brings the program to $fresh, and gives the sum that it must have.
function Get-Release {
    if ($From) {
        if (-not (Test-Path -LiteralPath $From -PathType Leaf)) {
            throw "There is no file $From."
        }
        Copy-Item -LiteralPath $From -Destination $fresh -Force
        # Its sum is compared; the mark of a download would be in the way of a double click.
        Unblock-File -LiteralPath $fresh
        if ($Sha256) {
            return $Sha256
        }
        $sums = Join-Path (Split-Path -Parent $From) 'SHA256SUMS'
        if (-not (Test-Path -LiteralPath $sums)) {
            throw "There is no SHA256SUMS beside $From. Put it there, or give the sum with -Sha256."
        }
        Test-Sums -Sums $sums -Signature "$sums.minisig"
        return Find-Sum -Lines (Get-Content -LiteralPath $sums)
    }
    if (-not $Url) {
        throw 'Say where the program is, with -Url or -From.'
    }
    $address = [Uri] $Url
    if ($address.Scheme -ne 'https' -and -not $address.IsLoopback) {
        throw "$Url is not an https address."
    }
    $base = $Url.TrimEnd('/')
    Write-Host "Fetching $file from $base"
    # Its progress bar makes a download several times slower.
    $ProgressPreference = 'SilentlyContinue'
    $web = @{ UseBasicParsing = $true }
    if ($Proxy) {
        $web.Proxy = $Proxy
    }
    Invoke-WebRequest @web -Uri "$base/$file" -OutFile $fresh
    if ($Sha256) {
        return $Sha256
    }
    $list = "$fresh.sums"
    try {
        Invoke-WebRequest @web -Uri "$base/SHA256SUMS" -OutFile $list
        if ($PublicKey) {
            Invoke-WebRequest @web -Uri "$base/SHA256SUMS.minisig" -OutFile "$list.minisig"
        }
        Test-Sums -Sums $list -Signature "$list.minisig"
        return Find-Sum -Lines (Get-Content -LiteralPath $list)
    }
    finally {
        Remove-Item -LiteralPath $list, "$list.minisig" -Force -ErrorAction SilentlyContinue
    }
}

function Find-Sum {
    param([string[]] $Lines)

    foreach ($line in $Lines) {
        $sum, $name = $line -split '\s+\*?', 2
        if ($name -eq $file) {
            return $sum
        }
    }
    throw "SHA256SUMS does not list $file."
}

# Refuses a list of sums that is not signed with the key that is trusted.
function Test-Sums {
    param([string] $Sums, [string] $Signature)

    if (-not $PublicKey) {
        return
    }
    $tool = Get-Command -Name 'minisign.exe' -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $tool) {
        throw 'minisign.exe is not on the path, so that no signature can be checked. Nothing was changed.'
    }
    $result = Invoke-Program -Path $tool.Source -Arguments "-Vm `"$Sums`" -x `"$Signature`" -p `"$PublicKey`""
    if ($result.Code -ne 0) {
        throw "The signature of SHA256SUMS is not by that key: $($result.Text) Nothing was changed."
    }
}

# Refuses a program whose signature is not right; one without any, when there must be one.
function Test-Signature {
    $signature = Get-AuthenticodeSignature -LiteralPath $fresh
    if ($signature.Status -eq 'Valid') {
        return
    }
    if ($signature.Status -ne 'NotSigned' -or $RequireSignature) {
        throw "The program was refused, its signature is $($signature.Status). Nothing was changed."
    }
}

# Replaces the program by $fresh; when that does not work, all is as it was before.
function Install-Program {
    $running = Get-AgentService
    $ran = $null -ne $running -and $running.Status -ne 'Stopped'
    $hasOld = Test-Path -LiteralPath $program
    $isMoved = $false
    try {
        if ($ran) {
            # Windows does not let go of the file of a program that runs.
            Stop-Service -Name $serviceName
        }
        if ($hasOld) {
            Move-Item -LiteralPath $program -Destination $old -Force
            $isMoved = $true
        }
        Move-Item -LiteralPath $fresh -Destination $program -Force
        $version = Get-AgentVersion -Path $program
        if ($ran) {
            Start-Service -Name $serviceName
            (Get-AgentService).WaitForStatus('Running', '00:02:00')
        }
        return $version
    }
    catch {
        $reason = $_.Exception.Message
        try {
            if ($ran) {
                Stop-Service -Name $serviceName -ErrorAction SilentlyContinue
            }
            if ($isMoved -or -not $hasOld) {
                Remove-Item -LiteralPath $program -Force -ErrorAction SilentlyContinue
            }
            if ($isMoved) {
                Move-Item -LiteralPath $old -Destination $program -Force
            }
        }
        finally {
            if ($ran) {
                Start-Service -Name $serviceName
            }
        }
        if (-not $hasOld) {
            throw "The new program does not work in its place, and was removed again: $reason"
        }
        throw "The program could not be replaced. The one that was there is in its place again: $reason"
    }
}

# Sets who may access a file or folder, whatever the groups are called here.
function Set-Access {
    param([string] $Path, [string[]] $Rules)

    & "$system\icacls.exe" $Path /reset | Out-Null
    & "$system\icacls.exe" $Path /inheritance:r /grant:r $Rules | Out-Null
    if ($LASTEXITCODE -ne 0) {
        throw "Cannot set who may access $Path."
    }
}

# Makes the folder of the program; one that is not in Program Files is closed to all but administrators.
function New-ProgramFolder {
    if (Test-Path -LiteralPath $Prefix) {
        return
    }
    New-Item -ItemType Directory -Force -Path $Prefix | Out-Null
    if ($PrefixNamed) {
        Set-Access -Path $Prefix -Rules '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '*S-1-5-32-545:(OI)(CI)RX'
    }
}

# Writes a configuration that only administrators and the system can read.
function New-Config {
    if (Test-Path -LiteralPath $Config) {
        return
    }
    $folder = Split-Path -Parent $Config
    if (-not (Test-Path -LiteralPath $folder)) {
        New-Item -ItemType Directory -Force -Path $folder | Out-Null
        Set-Access -Path $folder -Rules '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'
    }
    Invoke-Agent -Arguments "generate-ini --quiet --ini `"$Config`""
    if ($folder -ne $data) {
        Set-Access -Path $Config -Rules '*S-1-5-18:F', '*S-1-5-32-544:F'
    }
    Write-Host "Wrote $Config, for you to fill in"
}

# Lists the agent among the installed programs, and its folder in the path of all accounts.
function Register-Program {
    param([string] $Version)

    if ($PSCommandPath -ne $copy) {
        Copy-Item -LiteralPath $PSCommandPath -Destination $copy -Force
    }
    New-Item -Path $entry -Force | Out-Null
    $command = "`"$system\WindowsPowerShell\v1.0\powershell.exe`" -NoProfile -ExecutionPolicy Bypass -File `"$copy`" -Uninstall"
    $values = @{
        DisplayName = 'Oomnitza Agent'
        DisplayVersion = ($Version -split ' ')[1]
        DisplayIcon = $program
        InstallLocation = $Prefix
        UninstallString = $command
        QuietUninstallString = $command
    }
    foreach ($name in $values.Keys) {
        New-ItemProperty -Path $entry -Name $name -Value $values[$name] -Force | Out-Null
    }
    if (-not $PrefixNamed) {
        Set-SearchPath -Add
    }
}

# Adds the folder of the program to the path of all accounts, or removes it; variables in it stay.
function Set-SearchPath {
    param([switch] $Add)

    $key = Get-Item -LiteralPath $environment
    $before = $key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
    $parts = @($before -split ';' | Where-Object { $_ -and $_ -ne $Prefix })
    if ($Add) {
        $parts += $Prefix
    }
    $after = $parts -join ';'
    if ($after -ne $before) {
        Set-ItemProperty -LiteralPath $environment -Name Path -Value $after -Type ExpandString
    }
}

# The words of service install: what is not named stays as it is registered.
function Get-ServiceArguments {
    $words = 'service install'
    if ($ConfigNamed -or -not (Get-AgentService)) {
        $words += " --ini `"$Config`""
    }
    if ($User) {
        $words += " --user `"$User`""
    }
    if ($Port) {
        $words += " --port $Port"
    }
    if ($State) {
        $words += " --state `"$State`""
    }
    return $words
}

function Install-Agent {
    try {
        New-ProgramFolder
        $wanted = Get-Release
        $found = (Get-FileHash -LiteralPath $fresh -Algorithm SHA256).Hash
        if ($found -ne $wanted) {
            throw "The program is damaged or not the right one: its sum is $found, not $wanted. Nothing was changed."
        }
        Test-Signature
        try {
            Get-AgentVersion -Path $fresh | Out-Null
        }
        catch {
            throw "The new program was refused, $($_.Exception.Message). Nothing was changed."
        }
        $version = Install-Program
    }
    finally {
        Remove-Item -LiteralPath $fresh -Force -ErrorAction SilentlyContinue
    }
    Write-Host "Installed $version as $program"
    # Always: whoever made the folder first would own the configuration.
    $prepare = if ($User) { "service prepare --user `"$User`"" } else { 'service prepare' }
    Invoke-Agent -Arguments $prepare
    New-Config
    if ($Service) {
        Invoke-Agent -Arguments (Get-ServiceArguments)
        Write-Host "Registered the service $serviceName"
    }
    Register-Program -Version $version
    Write-NextSteps
}

function Write-NextSteps {
    Write-Host ''
    Write-Host 'Next, in this window:'
    Write-Host "  1. Fill in [oomnitza] and the sections that you need: notepad '$Config'"
    Write-Host "  2. Try the credentials, nothing is sent:              & '$program' check --ini '$Config'"
    if (Get-AgentService) {
        Write-Host "  3. Start the service:                                 & '$program' service start"
    }
    else {
        Write-Host "  3. Upload:                                            & '$program' upload NAME --ini '$Config'"
    }
}

# Removes the service, by Windows itself where the program is gone.
function Unregister-Service {
    if (-not (Get-AgentService)) {
        return
    }
    if (Test-Path -LiteralPath $program) {
        Invoke-Agent -Arguments 'service uninstall'
    }
    else {
        Stop-Service -Name $serviceName -ErrorAction SilentlyContinue
        & "$system\sc.exe" delete $serviceName | Out-Null
        if ($LASTEXITCODE -ne 0) {
            throw "Cannot remove the service $serviceName."
        }
    }
    Write-Host "Removed the service $serviceName"
}

function Remove-Path {
    param([string[]] $Paths)

    foreach ($path in $Paths) {
        if (Test-Path -LiteralPath $path) {
            Remove-Item -LiteralPath $path -Recurse -Force
        }
    }
}

function Uninstall-Agent {
    Unregister-Service
    Remove-Path -Paths $program, $old, $fresh, $copy, $entry
    Set-SearchPath
    Write-Host "Removed $program"
    if ($Purge) {
        $logs = (Join-Path $Prefix 'info.log'), (Join-Path $Prefix 'errors.log')
        Remove-Path -Paths (@($data, $Config) + $logs)
        Write-Host 'Removed configuration, state and logs'
    }
    elseif (Test-Path -LiteralPath $Config) {
        Write-Host "$Config is still there. -Purge removes it, the state and the logs, too."
    }
    if ((Test-Path -LiteralPath $Prefix) -and -not (Get-ChildItem -LiteralPath $Prefix -Force)) {
        Remove-Path -Paths $Prefix
    }
}

if (-not (Test-Administrator)) {
    throw 'Start PowerShell as administrator, then run this again.'
}
if (-not [Environment]::Is64BitOperatingSystem) {
    throw 'There is no agent for 32-bit Windows.'
}
if ($Sha256 -and $PublicKey) {
    throw '-Sha256 and -PublicKey do not go together.'
}
$action = if ($Uninstall) { 'Remove' } else { 'Install' }
if (-not $PSCmdlet.ShouldProcess($program, $action)) {
    return
}
if ($LogPath) {
    Start-Transcript -LiteralPath $LogPath -Append | Out-Null
}
try {
    if ($Uninstall) {
        Uninstall-Agent
    }
    else {
        Install-Agent
    }
}
finally {
    if ($LogPath) {
        Stop-Transcript | Out-Null
    }
}
