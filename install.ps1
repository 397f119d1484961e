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
[CmdletBinding()]
param(
    # The folder of a release: the program and SHA256SUMS are fetched from there.
    [string] $Url = $env:AGENT_URL,
    # A program file that is already here, with SHA256SUMS beside it.
    [string] $From,
    # The sum that the program must have, instead of SHA256SUMS.
    [string] $Sha256,
    # Registers the service, too.
    [switch] $Service,
    # The configuration file, written when it is not there.
    [string] $Config,
    # The folder of the program.
    [string] $Prefix = (Join-Path $env:ProgramFiles 'Oomnitza Agent'),
    # Removes the service and the program.
    [switch] $Uninstall,
    # With -Uninstall: also removes configuration, state and logs.
    [switch] $Purge
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
# Older versions of Windows offer no protocol that a server of today would take.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor 3072

$file = 'agent-windows-x64.exe'
$serviceName = 'OomnitzaAgent'
$data = Join-Path $env:ProgramData 'Oomnitza Agent'
$program = Join-Path $Prefix 'agent.exe'
$fresh = Join-Path $Prefix 'agent.new.exe'
$old = Join-Path $Prefix 'agent.old.exe'
$ConfigNamed = [bool] $Config
if (-not $Config) {
    $Config = Join-Path $data 'config.ini'
}

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

    $result = Invoke-Program -Path $Path -Arguments 'version' -Seconds 20
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
        if ($Sha256) {
            return $Sha256
        }
        $sums = Join-Path (Split-Path -Parent (Resolve-Path -LiteralPath $From)) 'SHA256SUMS'
        if (-not (Test-Path -LiteralPath $sums)) {
            throw "There is no SHA256SUMS beside $From. Put it there, or give the sum with -Sha256."
        }
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
    Invoke-WebRequest -UseBasicParsing -Uri "$base/$file" -OutFile $fresh
    if ($Sha256) {
        return $Sha256
    }
    $list = "$fresh.sums"
    try {
        Invoke-WebRequest -UseBasicParsing -Uri "$base/SHA256SUMS" -OutFile $list
        return Find-Sum -Lines (Get-Content -LiteralPath $list)
    }
    finally {
        Remove-Item -LiteralPath $list -Force -ErrorAction SilentlyContinue
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

# Replaces the program by $fresh; when it does not work there, the old one is put back.
function Install-Program {
    $running = Get-AgentService
    $ran = $null -ne $running -and $running.Status -ne 'Stopped'
    if ($ran) {
        # Windows does not let go of the file of a program that runs.
        Stop-Service -Name $serviceName
    }
    $hasOld = Test-Path -LiteralPath $program
    if ($hasOld) {
        Move-Item -LiteralPath $program -Destination $old -Force
    }
    try {
        Move-Item -LiteralPath $fresh -Destination $program -Force
        $version = Get-AgentVersion -Path $program
        if ($ran) {
            Start-Service -Name $serviceName
            (Get-AgentService).WaitForStatus('Running', '00:01:00')
        }
        return $version
    }
    catch {
        $reason = $_.Exception.Message
        if ($ran) {
            Stop-Service -Name $serviceName -ErrorAction SilentlyContinue
        }
        Remove-Item -LiteralPath $program -Force -ErrorAction SilentlyContinue
        if (-not $hasOld) {
            throw "The new program does not work in its place, and was removed again: $reason"
        }
        Move-Item -LiteralPath $old -Destination $program -Force
        if ($ran) {
            Start-Service -Name $serviceName
        }
        throw "The new program does not work in its place. The old one was put back: $reason"
    }
}

# Closes a folder to everybody but administrators and the system, whatever they are called here.
function Protect-Folder {
    param([string] $Path)

    New-Item -ItemType Directory -Force -Path $Path | Out-Null
    $rules = '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'
    & "$env:SystemRoot\System32\icacls.exe" $Path /inheritance:r /grant:r $rules | Out-Null
    if ($LASTEXITCODE -ne 0) {
        throw "Cannot set who may read $Path."
    }
}

function Install-Agent {
    New-Item -ItemType Directory -Force -Path $Prefix | Out-Null
    try {
        $wanted = Get-Release
        $found = (Get-FileHash -LiteralPath $fresh -Algorithm SHA256).Hash
        if ($found -ne $wanted) {
            throw "The program is damaged or not the right one: its sum is $found, not $wanted. Nothing was changed."
        }
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
    if (-not (Test-Path -LiteralPath $Config)) {
        # A folder that was there already may have readers that were meant to be.
        $folder = Split-Path -Parent $Config
        if ($folder -eq $data -or -not (Test-Path -LiteralPath $folder)) {
            Protect-Folder -Path $folder
        }
        Invoke-Agent -Arguments "generate-ini --quiet --ini `"$Config`""
        Write-Host "Wrote $Config, for you to fill in"
    }
    if ($Service) {
        # What the registered service has stays, unless it is named.
        $named = $ConfigNamed -or -not (Get-AgentService)
        $arguments = if ($named) { "service install --ini `"$Config`"" } else { 'service install' }
        Invoke-Agent -Arguments $arguments
        Write-Host "Registered the service $serviceName"
    }
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

function Uninstall-Agent {
    if (Get-AgentService) {
        Invoke-Agent -Arguments 'service uninstall'
        Write-Host "Removed the service $serviceName"
    }
    foreach ($path in $program, $old) {
        if (Test-Path -LiteralPath $path) {
            Remove-Item -LiteralPath $path -Force
        }
    }
    Write-Host "Removed $program"
    if (-not $Purge) {
        if (Test-Path -LiteralPath $Config) {
            Write-Host "$Config is still there. -Purge removes it, the state and the logs, too."
        }
        return
    }
    foreach ($path in $data, $Config) {
        if (Test-Path -LiteralPath $path) {
            Remove-Item -LiteralPath $path -Recurse -Force
        }
    }
    Write-Host 'Removed configuration, state and logs'
}

if (-not (Test-Administrator)) {
    throw 'Start PowerShell as administrator, then run this again.'
}
if ($Purge -and -not $Uninstall) {
    throw '-Purge goes with -Uninstall.'
}
if (-not [Environment]::Is64BitOperatingSystem) {
    throw 'There is no agent for 32-bit Windows.'
}
if ($Uninstall) {
    Uninstall-Agent
}
else {
    Install-Agent
}
